// SPDX-License-Identifier: Apache-2.0
#include "chip.hpp"

#include <dlib/geometry.h>
#include <dlib/image_processing/full_object_detection.h>
#include <dlib/image_transforms.h>
#include <dlib/opencv.h>

#include <cmath>

namespace porchlight::vision {
namespace {

constexpr unsigned long side = 150;
constexpr double padding = 0.25;
// dlib's landmarks are whole pixels: its fit is made on a finer grid and brought back.
constexpr double grid = 16;

dlib::chip_details chip_of(const Landmarks& points) {
  std::vector<dlib::point> parts;
  dlib::rectangle around;
  for (const auto& point : points) {
    parts.emplace_back(std::lround(point.x * grid), std::lround(point.y * grid));
    around += parts.back();
  }
  const auto fine = dlib::get_face_chip_details({around, parts}, side, padding);
  const dlib::drectangle rect(fine.rect.left() / grid, fine.rect.top() / grid, fine.rect.right() / grid,
                              fine.rect.bottom() / grid);
  return {rect, dlib::chip_dims(side, side), fine.angle};
}

}  // namespace

std::vector<std::uint8_t> extract_chip(const cv::Mat& bgr, const Landmarks& points) {
  dlib::matrix<dlib::rgb_pixel> chip;
  dlib::extract_image_chip(dlib::cv_image<dlib::bgr_pixel>(bgr), chip_of(points), chip);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(&chip(0, 0));
  return {begin, begin + side * side * 3};
}

}  // namespace porchlight::vision
