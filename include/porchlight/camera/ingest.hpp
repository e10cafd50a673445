// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/event/gap_cause.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::camera {

// `status` of camera_connection_state.
enum class ConnectionState : std::uint8_t {
  connecting,
  connected,
  auth_failed,
  unreachable,
  stalled,
  protocol_error,
  disabled,
};
std::string_view to_string(ConnectionState state) noexcept;

// Exponential back-off with full jitter: the n-th wait in a row is uniform in [0, min(most, least·2ⁿ)].
// After a refused password it is always `most`: cameras lock accounts that are tried too often.
struct ReconnectOptions {
  std::chrono::milliseconds least{1'000};
  std::chrono::milliseconds most{30'000};
  std::chrono::milliseconds stable{10'000};  // pictures for so long begin the row anew
  std::function<double()> random;            // uniform in [0, 1); empty: the kernel's
};

class Source;  // src/camera/source.hpp
// One for each connection. Empty: by the kind of the camera's address.
using MakeSource = std::function<std::unique_ptr<Source>(const CameraOptions&, Clock&)>;

// One camera: opens its source, hands its packets on, judges it by decoded progress and reconnects.
//
// A camera counts as connected only while pictures come out of the decoder: a server that goes on
// sending what nobody can decode is as lost as one that is silent. So whoever decodes tells
// note_decoded(); without it every camera ends up `stalled`.
//
// run() belongs to one thread, and calls `outputs` on it; it returns within 200 ms of a stop request
// (a host name that the resolver hangs on is the exception: getaddrinfo cannot be interrupted). While a
// source runs, its packets come on the thread it pushes from, which may be one for many cameras.
class Ingest {
 public:
  struct Outputs {
    std::function<void(const media::PacketPtr&)> packet;  // of the video and of the sound
    // CameraLost once when a fault begins (also when the camera never answered), CameraBack once
    // when pictures arrive again.
    std::function<void(event::Event)> event;
    // Each connection that ended, and each attempt that failed: why no packets come now.
    std::function<void(event::GapCause, MonotonicTime)> gone{};
    // Pictures that the transport knows to be missing before the next packet.
    std::function<void(std::uint64_t, MonotonicTime)> lost{};
  };

  // Whose state is the camera's: `camera_*` series, events and warnings of a lost camera are those of the
  // stream that is watched. Another stream of it beside that one is judged by its packets alone, because
  // nobody decodes it, has no series and tells no event.
  enum class Role : std::uint8_t { watched, beside };

  Ingest(CameraOptions options, ReconnectOptions reconnect, telemetry::Metrics& metrics, Clock& clock,
         Outputs outputs, Role role = Role::watched, MakeSource make = {});
  ~Ingest();

  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Decode lane: a picture came out whose packet had arrived then.
  void note_decoded(MonotonicTime arrived) noexcept;
  // Decode lane: a picture came that nobody needs decoded. It proves nothing, but counts as a frame.
  void note_passed_over() noexcept;
  // Decode lane: the coded stream names its own frame rate (RTSP's description seldom does).
  void note_announced_fps(double frames_per_second) noexcept;

  // Any thread.
  ConnectionState state() const noexcept;
  // From the fault to the first picture after it, whatever state() says of the attempts in between. A camera
  // that was never seen is not lost before its first fault, and a clip that was played to its end is not.
  bool is_lost() const noexcept;
  const CameraOptions& options() const noexcept;
  // The program of an exec: camera while it runs: the leader of a process group of its own. It may end,
  // and its number be given to another, at any time after.
  std::optional<pid_t> child() const noexcept;

  // The camera leaves the configuration: its gauges have no meaning any more. After run() ended.
  void retire();

 private:
  class Supervision;
  std::unique_ptr<Supervision> supervision_;
};

}  // namespace porchlight::camera
