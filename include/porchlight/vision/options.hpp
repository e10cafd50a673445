// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/config/document.hpp"

namespace porchlight::vision {

// `threshold: auto`. Distances up to it are the same person; docs/faces.md says how it was chosen.
inline constexpr float default_threshold = 0.50F;

// The section `faces:`.
struct FaceOptions {
  bool enabled = true;
  float threshold = default_threshold;
  int min_size = 40;  // pixels of face height; smaller faces are not looked at
};

FaceOptions read_options(config::Section faces);

}  // namespace porchlight::vision
