// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "porchlight/vision/face_engine.hpp"

namespace porchlight::bench {

// The detector on pictures of streets, 640 × 480: how many faces of 60 (40, 30, 24) pixels that were pasted
// into them it finds, and how many it finds where none is. Pasted are the faces of `photos` that these show
// with the whole head.
nlohmann::ordered_json detection(const std::filesystem::path& data,
                                 const std::vector<std::filesystem::path>& photos,
                                 vision::FaceEngine& engine);

}  // namespace porchlight::bench
