// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media {

// A wall of stripes that somebody dark walks past from the left: computed and coded here (MJPEG, 320 × 180,
// ten pictures a second), for whoever wants to try what becomes of a camera's pictures without a camera. The
// packets arrive one after the other, the last one at `end`.
Result<std::vector<PacketPtr>> trial_film(MonotonicTime end);

}  // namespace porchlight::media
