// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live/hls_window.hpp"
#include "live/instruments.hpp"

namespace porchlight::live {

// Those who watch one stream by asking for files, and what they are answered. Lane's thread.
class HlsStage {
 public:
  HlsStage(Quality quality, const Clock& clock, LiveInstruments& instruments)
      : quality_(quality), clock_(clock), instruments_(instruments) {}

  bool is_running() const noexcept { return window_ != nullptr; }
  std::size_t viewers() const noexcept { return viewers_.size(); }
  bool knows(const HlsViewer* viewer) const noexcept;
  std::optional<double> latency_s() const noexcept { return latency_s_; }

  void begin();  // somebody asks
  // From then on `request.viewer` watches. `rung`: when somebody rang last.
  void ask(HlsRequest request, std::optional<MonotonicTime> rung);
  void add(const Head& head, const Fragment& picture);
  // The stream cannot be shown: whoever waits is told so.
  void refuse(int status, const char* why);
  // The camera's workers were built anew: what follows is another film to the same viewers.
  void move_to(HlsStage& heir);
  // About once a second; false: nobody asks any more, and nothing is kept.
  bool tick();

 private:
  struct Watching {
    std::shared_ptr<HlsViewer> viewer;
    std::optional<MonotonicTime> measured;
    bool greeted = false;
  };

  // Nothing: it has to wait.
  std::optional<HlsAnswer> answer_now(const HlsRequest& request) const;
  HlsAnswer playlist() const;
  std::optional<HlsAnswer> moment_answer(const HlsMoment& moment) const;
  std::optional<HlsAnswer> part_answer(const HlsName& name) const;
  bool has_come(const HlsMoment& moment) const;
  std::uint64_t advance_limit() const;
  void serve_waiting();
  void give(const HlsRequest& request, HlsAnswer answer);
  void note_media(Watching& watching, std::size_t bytes);
  void note_playlist(Watching& watching);
  Watching& watching(const std::shared_ptr<HlsViewer>& viewer);
  std::chrono::milliseconds patience() const;
  std::chrono::milliseconds longest_wait() const;
  void end();

  const Quality quality_;
  const Clock& clock_;
  LiveInstruments& instruments_;
  std::unique_ptr<HlsWindow> window_;
  std::uint64_t next_ = 0;
  std::vector<Watching> viewers_;
  std::vector<HlsRequest> waiting_;
  std::optional<MonotonicTime> rung_;
  std::optional<double> latency_s_;
};

}  // namespace porchlight::live
