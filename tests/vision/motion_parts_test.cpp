// SPDX-License-Identifier: Apache-2.0
// The parts of the motion gate by themselves, on planes that are computed here.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "vision/motion_background.hpp"
#include "vision/motion_blobs.hpp"
#include "vision/motion_memory.hpp"
#include "vision/motion_path.hpp"
#include "vision/motion_tracks.hpp"

namespace porchlight::vision {
namespace {

using namespace std::chrono_literals;

constexpr int width = 320;
constexpr int height = 180;

media::Image plane_of(const std::function<int(int, int)>& level) {
  media::Image plane;
  plane.width = width;
  plane.height = height;
  plane.channels = 1;
  plane.stride = width;
  plane.pixels.resize(width * height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      plane.pixels[static_cast<std::size_t>(y * width + x)] =
          static_cast<std::uint8_t>(std::clamp(level(x, y), 0, 255));
  return plane;
}

// Edges in every cell.
int stripes(int x, int y) {
  return 100 + 40 * ((x / 3 + y / 5) % 2);
}

const std::vector<std::uint8_t> everywhere(width* height, 0xFF);

std::size_t count(const std::vector<std::uint8_t>& changed) {
  return static_cast<std::size_t>(std::count(changed.begin(), changed.end(), 0xFF));
}

class Noisy {
 public:
  explicit Noisy(double deviation) : noise_(0, deviation) {}
  media::Image operator()() {
    return plane_of(
        [this](int x, int y) { return static_cast<int>(std::lround(stripes(x, y) + noise_(dice_))); });
  }

 private:
  std::mt19937 dice_{20261126};
  std::normal_distribution<double> noise_;
};

TEST(MotionBackground, MeasuresTheNoiseAndDoesNotTakeItForChange) {
  for (const double deviation : {1.0, 3.0, 6.0, 10.0}) {
    Noisy next(deviation);
    MotionTuning tuning;
    MotionBackground background(tuning);
    background.begin(next());
    std::size_t changed = 0;
    for (int i = 0; i < 60; ++i) {
      const auto plane = next();
      changed = count(background.compare(plane, everywhere));
      background.learn(plane, 500ms);
    }
    EXPECT_NEAR(background.noise(), deviation, 0.15 * deviation + 0.4);
    EXPECT_LT(changed, everywhere.size() / 500) << deviation;
  }
}

TEST(MotionBackground, AverageComesToWhatStays) {
  for (const auto passed : {70ms, 500ms, 2000ms})
    for (const int step : {10, -10}) {
      MotionTuning tuning;
      MotionBackground background(tuning);
      background.begin(plane_of(stripes));
      const auto later = plane_of([step](int x, int y) { return stripes(x, y) + step; });
      for (int i = 0; i < 30'000 / passed.count(); ++i) {
        background.compare(later, everywhere);
        background.learn(later, passed);
      }
      for (int x = 0; x < width; ++x)
        ASSERT_NEAR(background.mean_row(90)[x], later.pixels[static_cast<std::size_t>(90 * width + x)], 2);
    }
}

TEST(MotionBackground, WhatIsNotWatchedDoesNotChange) {
  MotionTuning tuning;
  tuning.noise_deviations = 0;
  MotionBackground background(tuning);
  background.begin(plane_of(stripes));
  auto watched = everywhere;
  std::fill(watched.begin(), watched.begin() + width * 90, std::uint8_t{0});
  const auto inverted = plane_of([](int x, int y) { return 255 - stripes(x, y); });
  const auto changed = background.compare(inverted, watched);
  EXPECT_EQ(std::count(changed.begin(), changed.begin() + width * 90, 0), width * 90);
  EXPECT_GT(count(changed), everywhere.size() / 3);
}

TEST(MotionMemory, KnowsLevelsThatComeBackAndForgetsThoseThatDoNot) {
  MotionMemory memory;
  const auto dark = plane_of([](int, int) { return 40; });
  const auto lit = plane_of([](int, int) { return 200; });
  const auto other = plane_of([](int, int) { return 120; });
  memory.begin(dark);
  EXPECT_EQ(memory.strange(lit, everywhere, 8, 8, 12), 64);
  EXPECT_EQ(memory.strange(dark, everywhere, 8, 8, 12), 0);
  for (int i = 0; i < 10; ++i) memory.learn(i % 2 == 0 ? lit : dark, 12);
  EXPECT_EQ(memory.strange(lit, everywhere, 8, 8, 12), 0) << "a lamp that blinks";
  EXPECT_EQ(memory.strange(other, everywhere, 8, 8, 12), 64) << "somebody before it";
  for (int i = 0; i < 400; ++i) memory.learn(dark, 12);
  EXPECT_EQ(memory.strange(lit, everywhere, 8, 8, 12), 64) << "long ago";
  memory.accept_cell(other, 8, 8, 12);
  EXPECT_EQ(memory.strange(other, everywhere, 8, 8, 12), 0);
  EXPECT_EQ(memory.strange(other, everywhere, 16, 8, 12), 64) << "the cell beside it";
  EXPECT_EQ(memory.strange(other, std::vector<std::uint8_t>(everywhere.size(), 0), 16, 8, 12), 0)
      << "what has not changed is not asked";
}

struct Stage {
  MotionTuning tuning;
  MotionBackground background{tuning};
  MotionMemory memory;
  MotionBlobs blobs{tuning, background, memory};
  Stage() {
    const auto plane = plane_of(stripes);
    background.begin(plane);
    memory.begin(plane);
  }
  const std::vector<MotionBlob>& find(const std::function<int(int, int)>& level) {
    const auto plane = plane_of(level);
    return blobs.find(plane, background.compare(plane, everywhere));
  }
};

// A box of 40 × 64 samples at (left, 80), plain and dark.
std::function<int(int, int)> box_at(int left) {
  return
      [left](int x, int y) { return x >= left && x < left + 40 && y >= 80 && y < 144 ? 20 : stripes(x, y); };
}

TEST(MotionBlobs, ABoxIsOneThingWhereItIs) {
  Stage stage;
  const auto& blobs = stage.find(box_at(160));
  ASSERT_EQ(blobs.size(), 1U);
  EXPECT_EQ(blobs[0].left, 160);
  EXPECT_EQ(blobs[0].right, 200);
  EXPECT_EQ(blobs[0].top, 80);
  EXPECT_EQ(blobs[0].bottom, 144);
  EXPECT_NEAR(blobs[0].x, 180, 1);
  EXPECT_NEAR(blobs[0].y, 112, 1);
  EXPECT_EQ(blobs[0].cells.size(), 40U);
}

TEST(MotionBlobs, TheSameInAnotherLightIsNothing) {
  Stage stage;
  EXPECT_TRUE(stage.find([](int x, int y) { return x < 120 ? stripes(x, y) + 30 : stripes(x, y); }).empty());
  EXPECT_GT(stage.blobs.changed_part(), 0.2F) << "though it is different";
  EXPECT_TRUE(
      stage.find([](int x, int y) { return x < 120 ? stripes(x, y) * 6 / 10 : stripes(x, y); }).empty());
}

TEST(MotionBlobs, ThinLinesAreNothing) {
  Stage stage;
  EXPECT_TRUE(
      stage.find([](int x, int y) { return x % 8 == 3 || x % 8 == 4 ? 250 : stripes(x, y); }).empty());
}

TEST(MotionTracks, WhatWalksHasMovedAndWhatTremblesHasNot) {
  Stage stage;
  const auto moved = [&stage](const std::function<int(int)>& left) {
    MotionTracks tracks(stage.tuning);
    for (int i = 0; i < 30; ++i) tracks.follow(stage.find(box_at(left(i))), MonotonicTime{i * 100ms});
    return std::any_of(tracks.all().begin(), tracks.all().end(),
                       [&stage](const MotionTrack& track) { return track.has_moved(stage.tuning); });
  };
  EXPECT_TRUE(moved([](int i) { return 40 + 4 * i; }));
  EXPECT_TRUE(moved([](int i) { return 240 - 6 * i; }));
  EXPECT_FALSE(moved([](int) { return 100; }));
  EXPECT_FALSE(moved([](int i) { return 100 + 5 * (i % 2); }));
  EXPECT_FALSE(moved([](int i) { return 100 + (i * 17) % 40; })) << "here and there";
}

TEST(MotionPath, IsShortHoweverLongItTakes) {
  for (const auto lasts : {1s, 30s, 4000s}) {
    MotionPath path;
    const MonotonicTime start{1000s};
    path.begin(start);
    // From the left to the right, evenly.
    const auto left_at = [lasts](std::chrono::milliseconds at) {
      return 40 + static_cast<int>(200 * at.count() / std::chrono::milliseconds(lasts).count());
    };
    for (auto at = 0ms; at < lasts; at += 100ms) {
      MotionBlob blob;
      blob.left = left_at(at), blob.right = blob.left + 40, blob.top = 20, blob.bottom = 110;
      path.add(start + at, blob, width, height);
    }
    const auto& steps = path.steps();
    ASSERT_FALSE(steps.empty());
    EXPECT_LE(steps.size(), 16U);
    EXPECT_EQ(steps.front().at, 0ms);
    if (lasts > 2s) {
      EXPECT_GE(steps.size(), 8U);
    } else {
      EXPECT_EQ(steps.size(), 4U) << "one in 250 ms";
    }
    // Even steps, to within one of the end: no part of the way is left out.
    const auto pause = steps[1].at - steps[0].at;
    for (std::size_t i = 1; i < steps.size(); ++i) {
      EXPECT_GE(steps[i].at - steps[i - 1].at, pause * 3 / 4);
      EXPECT_LE(steps[i].at - steps[i - 1].at, pause * 5 / 4);
    }
    EXPECT_LE(lasts - steps.back().at, pause);
    for (const auto& step : steps)
      EXPECT_NEAR(step.x, left_at(step.at) / 320.0, 0.0006) << "where it was then";
    EXPECT_DOUBLE_EQ(steps.front().x, 0.125);
    EXPECT_DOUBLE_EQ(steps.front().width, 0.125);
    EXPECT_DOUBLE_EQ(steps.front().height, 0.5);
  }
}

}  // namespace
}  // namespace porchlight::vision
