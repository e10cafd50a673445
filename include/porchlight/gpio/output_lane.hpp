// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/gpio/button_lane.hpp"
#include "porchlight/gpio/output_options.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::gpio {

// Handles of one output; one left default counts nothing.
struct OutputInstruments {
  telemetry::Gauge active;       // absent while the line cannot be written
  telemetry::Counter line_lost;  // each time the line became unwritable
};
using OutputInstrumentsOf = std::function<OutputInstruments(const OutputOptions&)>;
// output_active{output_id} and errors_total{hardware, io, error}.
OutputInstruments resolve_instruments(telemetry::Metrics& metrics, const OutputOptions& options);

enum class OutputState : std::uint8_t {
  off,
  on,
  degraded,  // the line cannot be written; see `reason`
  disabled,
};
std::string_view to_string(OutputState state) noexcept;

struct OutputStatus {
  std::string id;
  std::string name;
  OutputCause cause = OutputCause::ring;
  DoorRole role = DoorRole::admin;     // of a door
  std::chrono::milliseconds pulse{0};  // 0: as long as the state lasts
  OutputState state = OutputState::off;
  LineTrouble reason = LineTrouble::none;
  std::string backend;
  std::uint64_t switched_on = 0;  // since it was configured
  // One line for people: "chime: off, on ring, libgpiod 1.6.3, switched on 3 times".
  std::string text() const;
};

// All outputs of the house on one thread that nothing else may use: what a ring, an event or a person
// asks for goes through one queue, and between it and the line stand neither model, disk nor network.
//
// A line that is absent, taken away or used by another program is degraded and opened again with a
// growing pause, and at once when it is to be switched on. run() leaves every output off. What the pins
// do when the process dies is in docs/hardware.md.
class OutputLane {
 public:
  // `chime_latency`: from the edge of a ring to the write of a chime's line, in seconds.
  static Result<std::unique_ptr<OutputLane>> create(const Clock& clock,
                                                    telemetry::Histogram chime_latency = {},
                                                    ReopenPause pause = {});
  ~OutputLane();  // while run() does not run
  OutputLane(const OutputLane&) = delete;
  OutputLane& operator=(const OutputLane&) = delete;

  // Main thread, while run() runs too. What there is from now on: an output that stays as it was keeps its
  // line and its pulse, the others are switched off and let go. The line of one of `buttons` is busy for an
  // output, in whatever words the two name it.
  void configure(const std::vector<OutputOptions>& wanted, const OutputInstrumentsOf& instruments_of = {},
                 const std::vector<ButtonOptions>& buttons = {});
  // Main thread. A look at what configure() made last; the look itself is for any thread.
  std::function<std::vector<OutputStatus>()> observer() const;

  // The lane's thread, until stop is requested; wakes at least every second to beat.
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread; none waits.
  // Somebody rang, at the instant `edge`: chimes sound. Rings that wait together are one, and none is
  // refused; they stay silent, and count as one that was dropped, when the lane comes to the newest of them
  // later than 10 s after its edge.
  void ring(MonotonicTime edge);
  // Lights show what happened. A ring's chime is ring()'s business.
  void show(const event::Event& event);
  // Something is wrong with the house, or not any more.
  void set_error(bool is_wrong);
  // One pulse of an enabled output, whatever its cause; a light that has none shows for a second. `done` is
  // called once, from the lane or from here: when the line was switched on, or why it was not. timeout: it
  // was later than `not_after` when the lane came to it, and nothing was written. not_found: there is no such
  // output. unavailable: it is disabled. resource: the lane is not keeping up. cancelled: it ends. Else the
  // line's own trouble.
  void pulse(std::string_view output_id, MonotonicTime not_after, std::function<void(Status)> done);

  // Any thread. True once run() has tried every line for the first time.
  bool armed() const noexcept;
  // Any thread, for pipeline_queue_*{queue_name="output"}.
  std::size_t queue_size() const noexcept;
  std::size_t queue_capacity() const noexcept;
  std::uint64_t queue_dropped() const noexcept;

 private:
  struct State;
  explicit OutputLane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::gpio
