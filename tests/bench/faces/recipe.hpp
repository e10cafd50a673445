// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "porchlight/base/result.hpp"
#include "porchlight/media/picture.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::bench {

// What the Python package face_recognition does by default, step for step, in C++: dlib's HOG detector on the
// picture upsampled once, its 68-point predictor, its ResNet.
class Recipe {
 public:
  static Result<std::unique_ptr<Recipe>> load(const std::filesystem::path& predictor,
                                              const std::filesystem::path& weights);
  ~Recipe();

  // Of the largest face of a BGR picture.
  std::optional<vision::Embedding> embed(const media::Image& image);

 private:
  struct Steps;
  explicit Recipe(std::unique_ptr<Steps> steps);
  std::unique_ptr<Steps> steps_;
};

}  // namespace porchlight::bench
