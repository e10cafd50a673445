// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::camera {

// What a source pushes into: from one thread at a time, which need not be that of run() and may push for many
// cameras. Once run() returned nothing is called any more.
struct PacketSink {
  std::function<void(media::PacketPtr)> packet;
  // Asked before each packet and at least every 150 ms while the source waits. False: give up.
  std::function<bool()> go_on;
  // Pictures that the source knows to have been lost on their way to it. May be empty.
  std::function<void(std::uint64_t)> lost{};
  // The program that the source runs from now on, the leader of its process group; 0: none any more. May
  // be empty.
  std::function<void(pid_t)> child{};
};

// One way to get at a camera's packets. Push, not pull: nothing above may assume that a camera has a
// thread of its own. One connection per run(); reconnecting is the ingest's.
class Source {
 public:
  virtual ~Source() = default;
  // Returns when stopped or refused by go_on() (`cancelled`), or with what went wrong: `auth`,
  // `network` (not reached), `timeout` (reached, then silent), `end_of_stream`, `corrupt`.
  virtual Error run(const PacketSink& sink, std::stop_token stop) = 0;
};

std::unique_ptr<Source> make_source(const CameraOptions& options, Clock& clock);

}  // namespace porchlight::camera
