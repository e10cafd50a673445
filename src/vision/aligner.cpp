// SPDX-License-Identifier: Apache-2.0
#include "aligner.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "chip.hpp"
#include "network.hpp"
#include "shot_quality.hpp"
#include "template_chip.hpp"

namespace porchlight::vision {
namespace {

constexpr int input_side = 64;
// Where the landmark network wants the face, in parts of the detector's box height. Found by search
// over the two numbers for the best verification result.
constexpr float crop_side = 0.912F;
constexpr float crop_drop = 0.114F;

cv::Rect crop_of(const Box& box) {
  const auto length = crop_side * box.height;
  const auto centre_x = box.x + box.width / 2;
  const auto centre_y = box.y + box.height / 2 + crop_drop * box.height;
  const auto whole = std::max(2, static_cast<int>(std::lround(length)));
  return {static_cast<int>(std::lround(centre_x - length / 2)),
          static_cast<int>(std::lround(centre_y - length / 2)), whole, whole};
}

// The crop with the picture's edge pixels repeated where it reaches outside.
cv::Mat crop_replicated(const cv::Mat& picture, const cv::Rect& crop) {
  const cv::Rect all(0, 0, picture.cols, picture.rows);
  auto inside = crop & all;
  if (inside.empty())
    inside = {std::clamp(crop.x, 0, all.width - 1), std::clamp(crop.y, 0, all.height - 1), 1, 1};
  if (inside == crop) return picture(inside);
  cv::Mat padded;
  const auto left = std::max(0, inside.x - crop.x);
  const auto top = std::max(0, inside.y - crop.y);
  cv::copyMakeBorder(picture(inside), padded, top, std::max(0, crop.height - inside.height - top), left,
                     std::max(0, crop.width - inside.width - left),
                     cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
  return padded;
}

}  // namespace

Aligner::Aligner(const std::string& model, bool second) : net_(read_network(model)), second_(second) {}

Landmarks Aligner::landmarks(const cv::Mat& bgr, const Box& box) {
  const auto crop = crop_of(box);
  cv::Mat grey;
  cv::cvtColor(crop_replicated(bgr, crop), grey, cv::COLOR_BGR2GRAY);
  cv::Mat small;
  cv::resize(grey, small, {input_side, input_side}, 0, 0,
             crop.width > input_side ? cv::INTER_AREA : cv::INTER_LINEAR);
  net_.setInput(cv::dnn::blobFromImage(small, 1 / 256.0));
  const auto out = net_.forward();
  Landmarks points;
  const auto* value = out.ptr<float>();
  const auto scale = static_cast<float>(crop.width);
  for (auto& point : points) {
    point = {static_cast<float>(crop.x) + value[0] * scale, static_cast<float>(crop.y) + value[1] * scale};
    value += 2;
  }
  return points;
}

Chip Aligner::align(const cv::Mat& bgr, const Box& box) {
  const auto points = landmarks(bgr, box);
  Chip chip;
  chip.rgb = extract_chip(bgr, points);
  if (second_) chip.second_rgb = extract_template_chip(bgr, points);
  rate(chip, points, box, bgr.size());
  return chip;
}

}  // namespace porchlight::vision
