// SPDX-License-Identifier: Apache-2.0
#include "template_chip.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace porchlight::vision {
namespace {

constexpr int side = 112;
using FivePoints = std::array<cv::Point2f, 5>;
// Left eye, right eye, nose, left and right corner of the mouth: insightface's arcface_dst, which the
// network's package uses as well.
const FivePoints places{{{38.2946F, 51.6963F},
                         {73.5318F, 51.5014F},
                         {56.0252F, 71.7366F},
                         {41.5493F, 92.3655F},
                         {70.7299F, 92.2041F}}};

// As the package takes them from the 68: an eye is the middle of its lids, a corner of the mouth the
// middle between the outer and the inner lip's.
FivePoints five_of(const Landmarks& p) {
  return {(p[37] + p[38] + p[40] + p[41]) / 4, (p[43] + p[44] + p[46] + p[47]) / 4, p[30],
          (p[48] + p[60]) / 2, (p[54] + p[64]) / 2};
}

cv::Point2f centre_of(const FivePoints& points) {
  cv::Point2f sum;
  for (const auto& point : points) sum += point;
  return sum / static_cast<float>(points.size());
}

// The rotation, scale and shift that bring `from` nearest to `places` (least squares). In the plane that
// is one complex factor: the sum of conj(from) · to over the sum of |from|², around the centres.
cv::Matx23f similarity(const FivePoints& from) {
  const auto middle = centre_of(from);
  const auto target = centre_of(places);
  float real = 0;
  float imaginary = 0;
  float squares = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto a = from[i] - middle;
    const auto b = places[i] - target;
    real += a.dot(b);
    imaginary += a.x * b.y - a.y * b.x;
    squares += a.dot(a);
  }
  squares = std::max(squares, 1e-6F);  // all points in one place: nothing to turn
  real /= squares;
  imaginary /= squares;
  return {real,      -imaginary, target.x - real * middle.x + imaginary * middle.y,
          imaginary, real,       target.y - imaginary * middle.x - real * middle.y};
}

}  // namespace

std::vector<std::uint8_t> extract_template_chip(const cv::Mat& bgr, const Landmarks& points) {
  const auto warp = similarity(five_of(points));
  // A large face is warped to a multiple of the chip and averaged down: linear interpolation would skip
  // pixels.
  constexpr float most = 6;
  const auto shrink = 1 / std::max(std::hypot(warp(0, 0), warp(1, 0)), 1 / most);
  const auto times = std::max(1, static_cast<int>(std::ceil(shrink - 0.25F)));
  const auto factor = static_cast<float>(times);
  // Pixels' centres lie at halves: the finer grid's origin is not the chip's.
  auto fine = warp * factor;
  fine(0, 2) += (factor - 1) / 2;
  fine(1, 2) += (factor - 1) / 2;
  cv::Mat wide;
  cv::warpAffine(bgr, wide, fine, {side * times, side * times}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(side) * side * 3);
  cv::Mat chip(side, side, CV_8UC3, rgb.data());
  cv::Mat small;
  cv::resize(wide, small, chip.size(), 0, 0, cv::INTER_AREA);
  cv::cvtColor(small, chip, cv::COLOR_BGR2RGB);
  return rgb;
}

}  // namespace porchlight::vision
