// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media {

// What an MP4 has to say of a stream before its first packet, and what a source often does not say: from its
// description or, where that is silent or older, from the packet itself. Errors: unsupported.
//
// `keyframe`: H.264 and H.265 need their parameter sets and their size.
Result<AvParameters> parameters_of_pictures(const StreamInfo& stream, const AVPacket& keyframe);
// `packet`: AAC may come with its configuration in front of each (ADTS).
Result<AvParameters> parameters_of_sound(const StreamInfo& stream, const AVPacket& packet);

// The packet's stream with everything that its segments have to say in advance: where each packet says it for
// itself (ADTS), a segment may begin long before the next one comes. Null: this packet does not say it.
std::shared_ptr<const StreamInfo> described_sound(const Packet& packet);

// AAC with an ADTS header, which has to be taken off.
bool is_adts(const AVPacket& packet);

}  // namespace porchlight::media
