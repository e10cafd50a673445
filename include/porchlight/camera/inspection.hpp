// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/camera/options.hpp"

namespace porchlight::camera {

// What a look at a stream for some seconds found. Rates count from its second second on: a server may
// begin with what it had waiting.
struct Inspection {
  std::string codec;
  int width = 0;  // pixels, of the decoded picture
  int height = 0;
  std::chrono::nanoseconds first_picture{};  // from the first look-up to the first decoded picture
  std::chrono::nanoseconds watched{};        // from the first packet to the last
  std::uint64_t pictures = 0;                // decoded
  std::uint64_t damaged = 0;                 // came in, and no picture out of it
  double fps = 0;                            // received, frames/s
  double fps_announced = 0;                  // 0: it does not say
  double bitrate_bps = 0;
  // The longest distance between two keyframes; nothing: fewer than two were seen.
  std::optional<std::size_t> gop_pictures;
  std::optional<std::chrono::nanoseconds> gop;
  bool b_frames = false;  // pictures are sent in another order than they are shown in
  // Timestamps against their arrival; nothing where the stream has no timestamps of its own. Drift: what
  // the camera's clock gains on ours, milliseconds a second. Jitter: the span of what remains.
  std::optional<double> drift_ms_per_second;
  std::optional<double> jitter_ms;
};

struct InspectionTime {
  std::chrono::milliseconds least{5'000};  // from the first packet on
  std::chrono::milliseconds most{15'000};  // from the beginning; so long it waits for a second keyframe
};

// Opens the camera's `url`, watches it on the calling thread and closes it. Returns within `most`, and the
// time that a look-up of its name needs. Errors: as try_camera().
Result<Inspection> inspect_camera(const CameraOptions& options, Clock& clock, InspectionTime time = {});

// What would be better, each a sentence; nothing when all is well.
std::vector<std::string> advice_for(const Inspection& found, const CameraOptions& options);

}  // namespace porchlight::camera
