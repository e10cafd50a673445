// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "porchlight/config/document.hpp"

namespace porchlight::vision {

// Where `threshold: auto` begins: distances up to it are the same person; docs/faces.md says how it was
// chosen and how the gallery moves it (calibration.hpp).
inline constexpr float default_threshold = 0.50F;

// The section `faces:`.
struct FaceOptions {
  bool enabled = true;
  float threshold = default_threshold;
  int threads = 1;  // that the networks may use
  // Unneeded for so long, the models are dropped from memory; 0: never.
  std::chrono::milliseconds unload_after{std::chrono::minutes(10)};
  int min_size = 40;                 // pixels of face height; smaller faces are not looked at
  bool auto_threshold = true;        // the gallery may move the threshold
  double false_accept_rate = 0.001;  // wanted of `auto`: part of the comparisons of two people, 0…1
  bool mobile = false;               // the second embedder runs, too
};

FaceOptions read_options(config::Section faces);

}  // namespace porchlight::vision
