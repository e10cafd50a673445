// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/store_job.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/notify/rules.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::pipeline {

// An event whose film was promised to these.
struct ClipWish {
  event::Event event;
  std::vector<notify::Route> routes;
};

// Has the films made that messages carry, each once what is behind its event is on the disk, and hands them
// to the store lane. What cannot be made is said in the log and not tried for ever; a restart forgets the
// wishes that wait. Thread-bound, but for what create() is given.
class EventClips {
 public:
  static constexpr std::uint64_t most_bytes = std::uint64_t{8} << 20;
  static constexpr std::chrono::seconds most_before{10};
  static constexpr std::chrono::seconds most_after{20};
  static constexpr std::size_t most_waiting = 64;

  struct Ports {
    // How much before and after an event belongs to it.
    std::function<std::pair<std::chrono::milliseconds, std::chrono::milliseconds>()> rolls{};
    // Makes `out` of a camera's footage, or says why not; not_found: there is none.
    std::function<Status(const std::string& camera_id, WallTime from, WallTime to,
                         const std::filesystem::path& out, std::stop_token stop)>
        make{};
    std::function<bool(StoreJob)> store{};
  };
  // `folder`: where films are made; none is left there.
  EventClips(std::filesystem::path folder, const Clock& clock, Ports ports)
      : folder_(std::move(folder)), clock_(clock), ports_(std::move(ports)) {}

  void take(ClipWish wish);
  // About once a second: makes one that is due.
  void turn(const std::stop_token& stop);

 private:
  struct Waiting {
    ClipWish wish;
    WallTime from{};
    WallTime to{};
    MonotonicTime due{};
    int attempts = 0;
  };
  // The film's bytes. Errors: as Ports::make; resource: it stays too large.
  Result<store::JpegBytes> film(const Waiting& waiting, const std::stop_token& stop) const;
  void hand_over(const Waiting& waiting, store::JpegBytes clip);
  void give_up(const Waiting& waiting, const Error& why) const;

  const std::filesystem::path folder_;
  const Clock& clock_;
  const Ports ports_;
  const telemetry::Logger log_{"doorbell.pipeline", telemetry::Component::system};
  std::deque<Waiting> waiting_;
};

}  // namespace porchlight::pipeline
