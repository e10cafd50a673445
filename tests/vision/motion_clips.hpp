// SPDX-License-Identifier: Apache-2.0
// Clips that ffmpeg draws, codes in H.264 and that we decode again: what a camera's stream does to a picture
// is in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "porchlight/media/packet.hpp"
#include "porchlight/vision/motion_gate.hpp"
#include "vision/motion_tuning.hpp"

namespace porchlight::vision::test {

bool has_ffmpeg();

// The output [out] of a filter graph, without quotes in it: 640 × 360, 10 frames/s, a keyframe every 2 s.
std::filesystem::path draw_clip(const std::filesystem::path& folder, const std::string& graph, int seconds);

// All pictures of a clip; arrival is the time in the clip, from 1000 s on. Frames own their pictures.
std::vector<media::FramePtr> frames_of(const std::filesystem::path& clip);
std::vector<media::FramePtr> drawn(const std::string& graph, int seconds);

// A scene with edges, areas and the little noise of a camera by day, as [name].
std::string scene(const std::string& name = "out", int noise = 4);

struct Watched {
  std::vector<MotionNews> news;
  std::size_t looks = 0;        // pictures that the gate was shown
  std::size_t all_wanted = 0;   // for so many of the frames it wanted all
  std::size_t motions() const;  // beginnings
  std::string text() const;     // what there was, for a failure
};

enum class Way {
  all,      // every picture, as of a button's camera
  resting,  // keyframes at rest, and what was passed over when the gate wants it
};
Watched watch(const std::vector<media::FramePtr>& frames, MotionGate& gate, Way way);
Watched watch(const std::vector<media::FramePtr>& frames, const MotionTuning& tuning = {},
              Way way = Way::resting);

double seconds_of(MonotonicTime at);  // in the clip

}  // namespace porchlight::vision::test
