// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/config/document.hpp"
#include "porchlight/media/polygon.hpp"

namespace porchlight::camera {

// The lists `zones: [{id, name, points}]` and `masks: [{name, points}]` of a camera. Every fault goes to the
// document's faults, at the place of the points or of the number in them.
std::vector<media::Zone> read_zones(config::Section& camera);
std::vector<media::Polygon> read_masks(config::Section& camera);

}  // namespace porchlight::camera
