// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/live/picture_lane.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::live {

struct PictureInstruments {
  explicit PictureInstruments(telemetry::Metrics& metrics);
  telemetry::Histogram latency;
  telemetry::Counter bytes;
};

// Those who look at one camera's pictures. Lane's thread.
class PictureChannel {
 public:
  PictureChannel(std::string camera, const PictureLimits& limits, const PicturePorts& ports,
                 const Clock& clock, PictureInstruments& instruments);
  PictureChannel(const PictureChannel&) = delete;
  PictureChannel& operator=(const PictureChannel&) = delete;
  ~PictureChannel();  // nobody looks any more

  const std::string& camera() const noexcept { return camera_; }
  bool is_empty() const noexcept { return watchers_.empty(); }
  void add(std::shared_ptr<PictureViewer> viewer);
  void end_all();
  // Forgets who has left, shows the newest picture when its time has come. Returns when it is to be called
  // again.
  MonotonicTime turn();
  const std::optional<Jpeg>& newest() const noexcept { return newest_; }
  PictureFigures figures() const { return {camera_, watchers_.size(), latency_s_}; }

 private:
  struct Watcher {
    std::shared_ptr<PictureViewer> viewer;
    std::chrono::nanoseconds interval;
    MonotonicTime due;                    // of its next picture
    std::optional<MonotonicTime> seen{};  // arrival of the picture that it got last
    std::size_t waiting = 0;              // bytes, when it was looked at last
    MonotonicTime moved{};                // when some of them were taken, or none waited
    std::optional<MonotonicTime> measured{};
  };
  bool is_lost(Watcher& watcher, MonotonicTime now) const;
  std::chrono::nanoseconds interval() const;
  void show();
  void send(const Jpeg& picture, MonotonicTime now);
  void note_fault(const Error& error);

  const std::string camera_;
  const PictureLimits& limits_;
  const PicturePorts& ports_;
  const Clock& clock_;
  PictureInstruments& instruments_;
  const telemetry::Logger log_{"doorbell.live", telemetry::Component::streaming};
  std::vector<Watcher> watchers_;
  MonotonicTime next_{};
  std::optional<double> latency_s_;
  std::optional<Jpeg> newest_;
  std::string last_fault_;
};

}  // namespace porchlight::live
