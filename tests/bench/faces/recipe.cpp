// SPDX-License-Identifier: Apache-2.0
#include "bench/faces/recipe.hpp"

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/image_transforms.h>

#include <algorithm>
#include <exception>

#include "vision/dlib_resnet.hpp"

namespace porchlight::bench {
namespace {

dlib::array2d<dlib::rgb_pixel> rgb_of(const media::Image& image) {
  dlib::array2d<dlib::rgb_pixel> rgb(image.height, image.width);
  for (long y = 0; y < image.height; ++y) {
    const auto* from = image.pixels.data() + static_cast<std::size_t>(y) * image.stride;
    for (long x = 0; x < image.width; ++x, from += 3) rgb[y][x] = dlib::rgb_pixel(from[2], from[1], from[0]);
  }
  return rgb;
}

}  // namespace

struct Recipe::Steps {
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
  dlib::shape_predictor predictor;
  std::unique_ptr<vision::DlibResnet> resnet;

  std::optional<dlib::rectangle> largest(const dlib::array2d<dlib::rgb_pixel>& rgb) {
    dlib::pyramid_down<2> pyramid;
    dlib::array2d<dlib::rgb_pixel> twice;
    dlib::pyramid_up(rgb, twice, pyramid);
    const auto found = detector(twice);
    const auto best = std::max_element(found.begin(), found.end(),
                                       [](const auto& a, const auto& b) { return a.area() < b.area(); });
    if (best == found.end()) return std::nullopt;
    return pyramid.rect_down(*best);
  }
};

Recipe::Recipe(std::unique_ptr<Steps> steps) : steps_(std::move(steps)) {}
Recipe::~Recipe() = default;

Result<std::unique_ptr<Recipe>> Recipe::load(const std::filesystem::path& predictor,
                                             const std::filesystem::path& weights) {
  auto steps = std::make_unique<Steps>();
  try {
    dlib::deserialize(predictor.string()) >> steps->predictor;
  } catch (const std::exception& fault) {
    return Error(ErrorCode::not_found, fault.what());
  }
  auto resnet = vision::DlibResnet::load(weights);
  if (!resnet) return std::move(resnet).error();
  steps->resnet = std::move(*resnet);
  return std::unique_ptr<Recipe>(new Recipe(std::move(steps)));
}

std::optional<vision::Embedding> Recipe::embed(const media::Image& image) {
  const auto rgb = rgb_of(image);
  const auto face = steps_->largest(rgb);
  if (!face) return std::nullopt;
  const auto shape = steps_->predictor(rgb, *face);
  dlib::matrix<dlib::rgb_pixel> chip;
  dlib::extract_image_chip(rgb, dlib::get_face_chip_details(shape, 150, 0.25), chip);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&chip(0, 0));
  return vision::Embedding{steps_->resnet->run({bytes, bytes + chip.size() * 3}), {}};
}

}  // namespace porchlight::bench
