// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "clip.hpp"

namespace porchlight::rtsp_test {

// What happens to the coded pictures on their way out.
enum class Trouble { none, undecodable, silent };

// What the server shows, and what the probes inside GStreamer's threads look at. Lives as long as the
// server.
struct Show {
  std::optional<Clip> clip;  // else a test pattern with burned-in numbers
  int fps = 15;
  int keyframe_interval = 15;  // frames
  bool udp_only = false;
  std::atomic<Trouble> trouble{Trouble::none};
  std::atomic<std::uint32_t> next_number{0};
  std::atomic<std::uint32_t> noise{0x9e3779b9};
};

inline constexpr int width = 640;
inline constexpr int height = 360;

// The elements that are needed and not there; empty when all are.
std::string missing_elements(const Show& show);

GstRTSPMediaFactory* make_factory(Show& show);

}  // namespace porchlight::rtsp_test
