// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace porchlight::rtsp_test {

// An H.264 or H.265 clip in memory, as access units of a byte stream. Pictures in display order only (no
// B-frames): the server stamps them by the time they leave.
struct Clip {
  struct Unit {
    std::chrono::microseconds at{};  // from the clip's beginning
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Unit> units;
  std::chrono::microseconds length{};
  bool h265 = false;
};

std::optional<Clip> read_clip(const std::string& path);

}  // namespace porchlight::rtsp_test
