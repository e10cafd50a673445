// SPDX-License-Identifier: Apache-2.0
// What a face takes, for the benches that compare ways to look at one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "bench/bench.hpp"
#include "porchlight/media/photo.hpp"

namespace porchlight::bench {

// A part of a group photograph as a 640 × 480 camera would show it; empty without the photograph.
inline media::Image vga_picture() {
  auto photo = media::read_photo(PORCHLIGHT_SOURCE_DIR "/node_modules/@vladmandic/face-api/demo/sample1.jpg");
  if (!photo) return {};
  const cv::Mat whole(photo->height, photo->width, CV_8UC3, photo->pixels.data(), photo->stride);
  media::Image vga{640, 480, 3, 640 * 3, std::vector<std::uint8_t>(std::size_t{640} * 480 * 3)};
  cv::Mat out(480, 640, CV_8UC3, vga.pixels.data());
  cv::resize(whole(cv::Rect(900, 100, 1000, 750)), out, out.size(), 0, 0, cv::INTER_AREA);
  return vga;
}

// `embed` finds and embeds a face; what it gives is false where there is none.
template <class Embed>
double milliseconds(const Embed& embed, const media::Image& picture) {
  const auto begun = std::chrono::steady_clock::now();
  if (!embed(picture)) std::fprintf(stderr, "no face in the timing picture\n");
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

inline double median(std::vector<double> values) {
  return percentile(values, 50);
}

}  // namespace porchlight::bench
