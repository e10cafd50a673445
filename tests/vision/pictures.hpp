// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/media/packet.hpp"
#include "porchlight/media/picture.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// The sample photographs of the face-api package (six groups) and what is made of them.
std::filesystem::path models();
std::filesystem::path sample_path(int number);
media::Image sample(int number);

media::Image crop(const media::Image& image, int left, int top, int width, int height);
media::Image blank(int width, int height, std::uint8_t value);
void paste(const media::Image& what, media::Image& into, int left, int top);
media::Image resized(const media::Image& image, int width, int height);
// Fractal noise without a face.
media::Image texture(int width, int height);

std::vector<std::uint8_t> jpeg(const media::Image& image);
void write_file(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes);
// The picture as a decoder would deliver it: planar 4:2:0. Even sizes only.
media::FramePtr frame_of(const media::Image& image);

// An engine of the build's models; null, and the test skipped, where npm did not bring them.
std::unique_ptr<FaceEngine> engine_or_skip(FaceOptions options = {});

// Two photographs of one woman, and faces of others.
media::Image visitor_enrolled();  // 680 × 680
media::Image visitor_at_door();   // another photograph, 630 × 630
media::Image stranger();          // 540 × 540

}  // namespace porchlight::vision

#define PORCHLIGHT_NEEDS_ENGINE(name)                                            \
  const auto name = porchlight::vision::engine_or_skip();                        \
  if (!name)                                                                     \
  GTEST_SKIP() << "no face models in '" << porchlight::vision::models().string() \
               << "': run npm ci --ignore-scripts and build the target models"
