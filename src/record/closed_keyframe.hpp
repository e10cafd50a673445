// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/media/packet.hpp"

namespace porchlight::record {

// Whether everything behind it can be decoded without what came before: an IDR picture (H.264, H.265), a BLA
// picture without such pictures, any picture of another codec. Behind the others (H.264: an I picture at a
// recovery point; H.265: CRA) may come pictures that are shown before it and refer to the group before,
// though libavcodec calls them keyframes, too. True also where its bytes do not say.
bool is_closed(const media::Packet& keyframe);

}  // namespace porchlight::record
