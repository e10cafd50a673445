// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "porchlight/vision/face_engine.hpp"
#include "porchlight/vision/gallery.hpp"

namespace porchlight::vision {

// The least quality of a shot that is compared; of one that is when there is nothing better.
inline constexpr float good_shot = 0.10F;
inline constexpr float usable_shot = 0.03F;

// Why the chip of the face at `box` is not to be compared: what it lacks most, when one of its parts is worse
// than that part may be, or its quality is below `least`. Faces are at least `min_size` pixels high.
std::optional<Refused> refusal_of(const Chip& chip, const Box& box, int min_size, float least);
// Of a face that is too small to be looked at any closer; nothing when it is not.
std::optional<Refused> refusal_of_size(const Box& box, int min_size);

// Who the shot shows: nobody's name, with confidence 0, when it was refused.
Identity identify(const Gallery& gallery, const Shot& shot, float threshold);

}  // namespace porchlight::vision
