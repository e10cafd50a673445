// SPDX-License-Identifier: Apache-2.0
// One button: its line while there is one, what the line's edges mean, and what others may know of it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "gpio/line.hpp"
#include "gpio/press_detector.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/gpio/button_lane.hpp"

namespace porchlight::gpio {

// What all buttons of a lane share.
struct ButtonSurroundings {
  const Clock& clock;
  ButtonLane::Sink sink;
  ReopenPause pause;
};

// The lane's thread, but for status().
class Button {
 public:
  Button(ButtonOptions options, ButtonInstruments instruments, ButtonSurroundings& around);

  const ButtonOptions& options() const noexcept { return options_; }

  // Rings; for commands as well as for presses of the contact.
  void ring(const event::Header& header, event::TriggerSource source);

  // Opens the line when that is due. True when there is a new fd() to wait for.
  bool open_when_due(MonotonicTime now);
  // -1: no line.
  int fd() const noexcept { return line_ ? line_->fd() : -1; }
  // Gives the line up and says so; it will be opened again.
  void lose(const Error& why, MonotonicTime now);
  // fd() is readable, or, with `hung_up`, the kernel says that the line is gone.
  void take_edges(bool hung_up);
  // Time has passed; edges from before `now` have been taken, as far as they were there.
  void advance(MonotonicTime now);
  // Asks the line for its level: older kernels say in no other way that a chip is gone, and a release
  // whose edge was lost shows.
  void check_line(MonotonicTime now);
  // When the next of these would do something.
  std::optional<MonotonicTime> next_deadline() const;

  // Any thread.
  ButtonStatus status() const;

 private:
  bool wants_line() const noexcept { return options_.enabled && options_.kind == ButtonKind::gpio; }
  Result<std::unique_ptr<Line>> request_line();
  Status start(std::unique_ptr<Line> line, MonotonicTime now);
  void report(const Findings& findings);
  void report_lost_edges(MonotonicTime at);
  void trouble(event::ButtonFault fault, MonotonicTime at, std::uint32_t lost = 0);
  event::Header header_at(MonotonicTime at) const;
  void publish_state();

  // const after construction
  const ButtonOptions options_;
  const Capabilities capabilities_;
  ButtonInstruments instruments_;
  ButtonSurroundings& around_;  // owned by the lane, outlives us

  // the lane's thread
  std::unique_ptr<Line> line_;
  std::string place_;  // the line as it was found
  PressDetector detector_;
  std::vector<Edge> edges_;
  Findings findings_;
  bool was_lost_ = false;  // chip_lost was said
  std::optional<MonotonicTime> open_at_;
  std::chrono::nanoseconds pause_;
  std::uint32_t unsaid_lost_edges_ = 0;
  std::optional<MonotonicTime> lost_edges_said_;

  // any thread; the lane's thread writes, relaxed: each is a fact of its own
  std::atomic<ButtonState> state_{ButtonState::idle};
  std::atomic<LineTrouble> reason_{LineTrouble::none};
  std::atomic<std::int64_t> last_edge_ns_{-1};
  std::atomic<std::uint64_t> presses_{0};
  std::atomic<std::uint64_t> lost_edges_{0};
};

}  // namespace porchlight::gpio
