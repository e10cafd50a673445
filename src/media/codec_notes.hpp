// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/media/picture_memory.hpp"

struct AVCodecContext;

namespace porchlight::media {

// Has a decoder that is not open yet count the buffers of its pictures. `memory` is owned by a shared_ptr and
// outlives the decoder; pictures may outlive both.
void count_pictures(AVCodecContext& codec, PictureMemory& memory);

}  // namespace porchlight::media
