// SPDX-License-Identifier: Apache-2.0
// One output: its line while there is one, when it is on, and what others may know of it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "gpio/chip_lookup.hpp"
#include "gpio/output_line.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/gpio/output_lane.hpp"

namespace porchlight::gpio {

using Buttons = std::vector<ButtonOptions>;
using ButtonsPtr = std::shared_ptr<const Buttons>;

// Made on the main thread; then the lane's thread, but for options() and status().
class Output {
 public:
  Output(OutputOptions options, OutputInstruments instruments, ReopenPause pause);

  const OutputOptions& options() const noexcept { return options_; }

  // Whose lines it keeps its hands off; what it holds of theirs it lets go.
  void set_buttons(ButtonsPtr buttons);
  // Opens the line when that is due.
  void open_when_due(MonotonicTime now);
  // On for one pulse. While one lasts it is not made longer, so that a storm of rings does not keep a coil
  // under current. True: it went on just now; false: it was on already.
  Result<bool> pulse(MonotonicTime now);
  // On for as long as it stays so. A light that has a pulse makes one as it begins.
  void light(bool lit, MonotonicTime now);
  // Time has passed: ends what has lasted long enough.
  void advance(MonotonicTime now);
  // Asks the chip for the level: nothing else says that it is gone.
  void check_line(MonotonicTime now);
  // Hours in which nothing switches it on; asked once a second, because the answer takes the time zone.
  void look_at_hours(WallTime now);
  bool is_quiet() const noexcept { return is_quiet_; }
  // Its line is open: the next write waits for no look-up.
  bool has_line() const noexcept { return line_ != nullptr; }
  // Off, and the line given back.
  void let_go();
  // When advance() or open_when_due() would do something.
  std::optional<MonotonicTime> next_deadline() const;

  // Any thread.
  OutputStatus status() const;

 private:
  Result<std::unique_ptr<OutputLine>> request();
  Status open(MonotonicTime now);
  Status write(bool on, MonotonicTime now);
  void lose(const Error& why, MonotonicTime now);
  void publish_state();

  // const after construction
  const OutputOptions options_;
  OutputInstruments instruments_;
  const ReopenPause pauses_;

  // the lane's thread
  std::unique_ptr<OutputLine> line_;
  FoundLine place_;  // the line as it was found
  ButtonsPtr buttons_ = std::make_shared<const Buttons>();
  bool on_ = false;   // as it was written last
  bool lit_ = false;  // as light() was told last
  bool is_quiet_ = false;
  std::optional<MonotonicTime> pulse_ends_;
  std::optional<MonotonicTime> open_at_;
  std::chrono::nanoseconds pause_;
  bool was_lost_ = false;

  // any thread; the lane's thread writes, relaxed: each is a fact of its own
  std::atomic<OutputState> state_{OutputState::degraded};
  std::atomic<LineTrouble> reason_{LineTrouble::not_opened};
  std::atomic<std::uint64_t> switched_on_{0};
};

}  // namespace porchlight::gpio
