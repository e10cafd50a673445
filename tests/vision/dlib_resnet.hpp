// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// The same network inside dlib, from the flat file of the model converter: the other witness of the
// agreement test and the embedder of the bench's reference recipe.
class DlibResnet {
 public:
  static Result<std::unique_ptr<DlibResnet>> load(const std::filesystem::path& weights);
  ~DlibResnet();

  // `rgb`: 150 × 150 × 3 bytes; no mirror averaging.
  ResnetVector run(const std::vector<std::uint8_t>& rgb);

 private:
  struct Network;
  explicit DlibResnet(std::unique_ptr<Network> network);
  std::unique_ptr<Network> network_;
};

}  // namespace porchlight::vision
