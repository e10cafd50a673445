// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/live/feed.hpp"
#include "porchlight/live/hls.hpp"
#include "porchlight/live/viewer.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::live {

// docs/live.md has what each means for a client.
struct Limits {
  std::size_t viewers = 128;  // in all
  std::size_t viewers_of_camera = 64;
  std::size_t group_bytes = std::size_t{4} << 20;    // a longer group is not kept for newcomers
  std::size_t waiting_bytes = std::size_t{2} << 20;  // for one client, beyond the group it was given
  std::chrono::milliseconds slow{10'000};            // with more than that waiting: closed
  std::chrono::milliseconds silent{15'000};          // nothing heard: closed
};

struct LaneOptions {
  std::string version;  // of the program
  Limits limits{};
};

// One stream of a camera, and how the camera's connection is.
struct Source {
  std::shared_ptr<Feed> feed;
  std::function<std::string_view()> state;  // `status` of camera_connection_state; any thread
};
using Sources = std::vector<Source>;
using SourcesPtr = std::shared_ptr<const Sources>;

// What a stream shows of itself.
struct FeedFigures {
  std::string camera_id;
  Quality quality = Quality::main;
  std::size_t viewers = 0;
  double bitrate_bps = 0;                    // of one copy, over the last seconds
  std::optional<double> latency_s = {};      // from a picture's arrival until the slowest viewer shows it
  std::optional<double> hls_latency_s = {};  // of the newest listed part, when its playlist was sent
};

// Shows cameras to those who watch, as fMP4 over WebSockets: one muxer for each stream while it is watched,
// one fragment for each picture, shared by all. run() belongs to one thread, on which everything is sent; a
// client that does not read costs its own pictures.
class Lane {
 public:
  static Result<std::unique_ptr<Lane>> create(LaneOptions options, const Clock& clock,
                                              telemetry::Metrics& metrics);
  ~Lane();

  Wakeup& wakeup() noexcept;             // for feeds
  void set_sources(SourcesPtr sources);  // main thread
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread; does not wait. Where the camera has no stream of that quality, the other is shown. Whoever
  // finds no place is told so over the outlet.
  std::shared_ptr<Viewer> join(const std::string& camera, Quality quality, Outlet outlet);
  // Any thread; does not wait. A file of HLS is asked for; the answer may take until the camera has sent it,
  // 30 s at most.
  void ask(HlsRequest request);
  // Any thread; does not wait. Somebody rang before that camera.
  void note_ring(const std::string& camera, MonotonicTime edge);

  // Any thread.
  std::vector<FeedFigures> figures() const;
  std::uint64_t pictures_withheld() const noexcept;  // from viewers that did not keep up

 private:
  struct State;
  explicit Lane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::live
