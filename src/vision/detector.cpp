// SPDX-License-Identifier: Apache-2.0
#include "detector.hpp"

#include <algorithm>

#include "network.hpp"

namespace porchlight::vision {
namespace {

constexpr float least_score = 0.7F;
constexpr float same_face = 0.3F;  // overlap above which two boxes are one face
constexpr std::size_t most_faces = 16;

// The network's output: decoded corners in parts of the picture, and (background, face) scores.
std::vector<Face> candidates(const cv::Mat& boxes, const cv::Mat& scores, float width, float height) {
  std::vector<Face> found;
  const auto* corner = boxes.ptr<float>();
  const auto* score = scores.ptr<float>();
  for (int i = 0; i < scores.size[1]; ++i, corner += 4, score += 2) {
    if (score[1] < least_score) continue;
    const Box box = {corner[0] * width, corner[1] * height, (corner[2] - corner[0]) * width,
                     (corner[3] - corner[1]) * height};
    if (box.width > 0 && box.height > 0) found.push_back({box, score[1]});
  }
  std::sort(found.begin(), found.end(), [](const Face& a, const Face& b) { return a.score > b.score; });
  return found;
}

// Greedy non-maximum suppression; `sorted` is best first.
std::vector<Face> best_of(const std::vector<Face>& sorted) {
  std::vector<Face> kept;
  for (const auto& face : sorted) {
    const auto covers = [&](const Face& other) { return overlap(other.box, face.box) > same_face; };
    if (std::none_of(kept.begin(), kept.end(), covers)) kept.push_back(face);
    if (kept.size() == most_faces) break;
  }
  return kept;
}

}  // namespace

Detector::Detector(const std::string& model) : net_(read_network(model)) {}

std::vector<Face> Detector::detect(const cv::Mat& rgb, int width, int height) {
  net_.setInput(cv::dnn::blobFromImage(rgb, 1 / 128.0, {}, cv::Scalar::all(127)), "input");
  std::vector<cv::Mat> out;
  net_.forward(out, std::vector<cv::String>{"boxes", "scores"});
  return best_of(candidates(out[0], out[1], static_cast<float>(width), static_cast<float>(height)));
}

}  // namespace porchlight::vision
