// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/event/refusal.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {

// A real photograph with exactly this fault, of even sizes: visitor_at_door() made worse, but for the turned
// face, which is somebody's who looks aside.
media::Image degraded(event::Refusal fault);

media::Image blurred(const media::Image& image, double sigma);  // Gaussian, pixels
media::Image lit(const media::Image& image, double by);         // every value times `by`, clipped

}  // namespace porchlight::vision
