// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
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
  bool h265 = false;         // the test pattern's codec, else H.264
  bool open_groups = false;  // B-frames, and pictures before a keyframe that need the group before it
  std::string sound;         // pcma, aac, opus; empty: none
  int sound_late_ms = 0;     // it is sent so much behind the pictures of its time, and then ticks each second
  int wrap_after_s = 0;      // from the beginning until the pictures' timestamps wrap; 0: left to chance
  int bitrate_kbps = 1500;
  std::string pattern = "ball";  // of videotestsrc; snow needs all the bits there are
  std::FILE* log =
      nullptr;  // a line for each picture that is drawn: its number and when, ms of CLOCK_MONOTONIC
  std::atomic<Trouble> trouble{Trouble::none};
  std::atomic<std::uint32_t> next_number{0};
  std::atomic<std::uint32_t> noise{0x9e3779b9};
  std::atomic<bool> hushed{false};            // no sound is sent
  std::atomic<std::uint32_t> time_offset{0};  // added to the timestamps of the pictures, 90 kHz
  std::atomic<std::uint32_t> last_time{0};    // of the pictures' timestamps
  std::atomic<bool> wrapped{false};           // they were seen to
  std::string size = "width=640,height=360";
  GstElement* size_filter = nullptr;  // of the media that runs; ours
};

// The elements that are needed and not there; empty when all are.
std::string missing_elements(const Show& show);

GstRTSPMediaFactory* make_factory(Show& show);

// From now on: pictures of this size, in pixels.
void change_size(Show& show, int width, int height);

}  // namespace porchlight::rtsp_test
