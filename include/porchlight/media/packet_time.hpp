// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/media/packet.hpp"

namespace porchlight::media {

// When the packet is to be decoded, by the stream's own clock; its presentation where the stream tells no
// other. Grows from packet to packet, unlike presentation, which B-frames turn about.
std::optional<std::chrono::nanoseconds> decode_time(const Packet& packet);

// When the packet is to be shown, by the stream's own clock; nothing where it does not say.
std::optional<std::chrono::nanoseconds> shown_time(const Packet& packet);

// The transport knows that bytes of it are missing.
bool is_damaged(const Packet& packet) noexcept;

// Whether packets of the one can follow packets of the other in a file: codec, size, time base and what
// decoders are told in advance.
bool same_coding(const StreamInfo& a, const StreamInfo& b);

// False: H.264 or H.265 in Annex B without any part of a picture. Parsers hand that out when a camera goes
// away behind the first bytes of its next one; decoders take it for an error. Other forms and codecs: true.
bool holds_picture(const StreamInfo& stream, std::string_view bytes) noexcept;

// The parameter sets (H.264 SPS and PPS, H.265 also VPS) that stand in front of a keyframe in Annex B; empty:
// none, or another form.
std::string parameter_sets(const Packet& keyframe);

}  // namespace porchlight::media
