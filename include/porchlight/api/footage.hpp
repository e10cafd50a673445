// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::api {

// The film of an event, or of an interval that somebody chose.
enum class ClipKind : std::uint8_t { event, interval };

// One file of an interval of one camera.
struct ClipOrder {
  std::string camera_id;
  WallTime from{};
  WallTime to{};
  std::filesystem::path out;
  ClipKind kind = ClipKind::event;
};

// What the routes about footage need of the rest of the house; `app` binds it. A member that is not bound
// stands for what this daemon does not have: the routes that need it answer 503.
struct FootagePorts {
  std::filesystem::path folder{};  // of the recordings
  // How much before and after an event belongs to it. Any thread.
  struct Rolls {
    std::chrono::milliseconds before{8'000};
    std::chrono::milliseconds after{5'000};
  };
  std::function<Rolls()> rolls{};
  // A thread of its own for what takes long: one job at a time, quick ones first; false: its queue is full.
  // Stop is requested when the daemon ends.
  using Job = std::function<void(std::stop_token)>;
  std::function<bool(Job)> quick{};  // a picture to decode
  std::function<bool(Job)> slow{};   // a clip to make
  // That thread. Makes `out` whole or not at all, and calls `going_on` now and then. not_found: nothing was
  // recorded then; cancelled: it was to stop.
  std::function<Status(const ClipOrder&, const std::function<void()>& going_on, std::stop_token)> render{};
  // That thread. A JPEG of at most `width` pixels.
  std::function<Result<std::string>(const store::Segment&, std::chrono::milliseconds into, int width)>
      thumbnail{};
  // Library's thread. `done` comes once, from any thread, and must not wait. not_found: no such segment.
  std::function<void(std::int64_t id, bool is_protected, std::function<void(Status)> done)> protect{};
};

}  // namespace porchlight::api
