// SPDX-License-Identifier: Apache-2.0
// How good a picture of a face is. The numbers were chosen on photographs that were degraded step by step:
// docs/faces.md, "Quality".
#include "shot_quality.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace porchlight::vision {
namespace {

constexpr int chip_side = 150;
constexpr float full_size = 110;  // pixels of face height that fill the chip
// Brows to chin without hair and background, which have an edge and a light of their own.
const cv::Rect face_of_chip(35, 35, 80, 85);

float ramp(float value, float from, float to) {
  return std::clamp((value - from) / (to - from), 0.0F, 1.0F);
}

// 1 when the nose's tip lies midway between the eyes' outer corners, 0 when beyond one of them.
float frontality(const Landmarks& points) {
  const auto left = points[36];
  const auto axis = points[45] - left;
  const auto length_squared = axis.dot(axis);
  if (length_squared < 1) return 0;
  const auto along = (points[30] - left).dot(axis) / length_squared;  // 0…1 from eye to eye
  return std::clamp(1 - 2 * std::abs(along - 0.5F), 0.0F, 1.0F);
}

double variance(const cv::Mat& values) {
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(values, mean, deviation);
  return deviation[0] * deviation[0];
}

// Edges in parts of the face's own contrast, so that a dark face is not a blurred one; on the scale of the
// picture, or every small face would be blurred by its enlargement. Smoothed first: noise is no edge.
float sharpness_of(const cv::Mat& grey, float size) {
  constexpr double half = 0.01;             // of the contrast's variance: sharpness ½
  constexpr double least_contrast = 6 * 6;  // below it edges are noise
  const auto native = static_cast<int>(std::lround(static_cast<float>(chip_side) * size));
  cv::Mat small = grey;
  if (native < chip_side) cv::resize(grey, small, {native, native}, 0, 0, cv::INTER_AREA);
  cv::Mat smooth;
  cv::Mat edges;
  small.convertTo(smooth, CV_32F);
  cv::GaussianBlur(smooth, smooth, {3, 3}, 0);
  cv::Laplacian(smooth, edges, CV_32F);
  const auto part = [&](int value) { return value * native / chip_side; };
  const cv::Rect face(part(face_of_chip.x), part(face_of_chip.y), part(face_of_chip.width),
                      part(face_of_chip.height));
  const auto relative = variance(edges(face)) / std::max(least_contrast, variance(smooth(face)));
  return static_cast<float>(relative / (relative + half));
}

struct Light {
  float dark;    // 1: light enough
  float bright;  // 1: nothing is burnt out
};

// By the lightest tenth of the face, which has light on it whatever the colour of the skin.
Light light_of(const cv::Mat& grey) {
  constexpr int burnt_from = 250;
  std::array<int, 256> histogram{};
  const cv::Mat face = grey(face_of_chip);
  for (int y = 0; y < face.rows; ++y) {
    for (int x = 0; x < face.cols; ++x) ++histogram[face.at<std::uint8_t>(y, x)];
  }
  const auto all = face.rows * face.cols;
  int burnt = 0;
  int lighter = 0;
  int lightest_tenth = -1;
  for (int value = 255; value >= 0; --value) {
    lighter += histogram[static_cast<std::size_t>(value)];
    if (value >= burnt_from) burnt = lighter;
    if (lightest_tenth < 0 && lighter * 10 >= all) lightest_tenth = value;
  }
  return {ramp(static_cast<float>(lightest_tenth), 0, 80),
          1 - ramp(static_cast<float>(burnt) / static_cast<float>(all), 0.1F, 0.7F)};
}

// The part of the 68 points that lies in the picture.
float points_inside(const Landmarks& points, cv::Size picture) {
  const auto inside = std::count_if(points.begin(), points.end(), [&](const cv::Point2f& point) {
    return point.x >= 0 && point.y >= 0 && point.x <= static_cast<float>(picture.width - 1) &&
           point.y <= static_cast<float>(picture.height - 1);
  });
  return static_cast<float>(inside) / static_cast<float>(points.size());
}

// Where the upper or lower border cuts a face, the points crowd together in what is left of it; but its box
// is wider than a face is. Of a portrait that fills its picture from side to side that says nothing.
float height_inside(const Box& box, cv::Size picture) {
  constexpr float usual_height = 1.2F;  // of the box's width, at least
  const auto width = static_cast<float>(picture.width);
  const auto height = static_cast<float>(picture.height);
  const auto near = 0.02F * box.height;
  const auto beside = 0.1F * box.width;
  const bool touches = box.y <= near || box.y + box.height >= height - near;
  const bool fills = box.x < beside || box.x + box.width > width - beside;
  return touches && !fills ? std::min(1.0F, box.height / (usual_height * box.width)) : 1.0F;
}

}  // namespace

void rate(Chip& chip, const Landmarks& points, const Box& box, cv::Size picture) {
  const cv::Mat rgb(chip_side, chip_side, CV_8UC3, chip.rgb.data());
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  const auto light = light_of(grey);
  chip.size = std::min(1.0F, box.height / full_size);
  chip.frontal = frontality(points);
  chip.sharpness = sharpness_of(grey, chip.size);
  chip.dark = light.dark;
  chip.bright = light.bright;
  chip.inside = std::min(points_inside(points, picture), height_inside(box, picture));
  chip.quality = chip.size * chip.frontal * chip.sharpness * light.dark * light.bright * chip.inside;
}

}  // namespace porchlight::vision
