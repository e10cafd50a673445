// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/gpio/options.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::gpio {

// Handles of one button; one left default counts nothing.
struct ButtonInstruments {
  telemetry::Counter lost_edges;  // edges the kernel dropped, where the backend can tell
  telemetry::Counter line_lost;   // each time the line became unreadable
};
using InstrumentsOf = std::function<ButtonInstruments(const ButtonOptions&)>;

// False for libgpiod 1 and for virtual buttons: their lost edges are unknown, which is not 0, so only
// the ids of the others belong into ClosedSets::button_ids.
bool knows_lost_edges(const ButtonOptions& options) noexcept;
// button_lost_edges_total{button_id} and errors_total{hardware, io, error}.
ButtonInstruments resolve_instruments(telemetry::Metrics& metrics, const ButtonOptions& options);

// How long to wait between attempts to open a line that is not there: first, doubled, up to most.
struct ReopenPause {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds most{10'000};
};

enum class ButtonState : std::uint8_t {
  idle,
  pressed,
  held,      // pressed for longer than hold_after
  stuck,     // pressed for longer than stuck_after
  degraded,  // the line cannot be read; see `reason`. Rings by command still work
  disabled,
};

// Why a line cannot be read.
enum class LineTrouble : std::uint8_t { none, not_opened, absent, busy, permission, wrong_line, failed };

struct ButtonStatus {
  std::string id;
  ButtonKind kind = ButtonKind::gpio;
  ButtonState state = ButtonState::idle;
  LineTrouble reason = LineTrouble::none;
  std::string backend;  // "libgpiod 1.6.3", "uapi v2", "virtual"
  std::optional<MonotonicTime> last_edge;
  std::uint64_t presses = 0;                // rings, by command too
  std::optional<std::uint64_t> lost_edges;  // empty: this backend cannot tell
  // One line for people: "line '17' is used by another program, trying again".
  std::string text() const;
};

std::string_view to_string(ButtonState state) noexcept;
std::string_view to_string(LineTrouble trouble) noexcept;

// All buttons of the house on one thread that nothing else may use. Constructed and destroyed by the
// owner while run() does not run; run() may be called again after it returned or threw.
//
// A line that is absent, taken away or used by another program is degraded and opened again with a
// growing pause: ButtonTrouble chip_lost once, chip_back once. It never ends the loop.
class ButtonLane {
 public:
  // Called on the lane's thread only; must not block.
  using Sink = std::function<void(event::Event)>;

  static Result<std::unique_ptr<ButtonLane>> create(std::vector<ButtonOptions> options, const Clock& clock,
                                                    Sink sink, const InstrumentsOf& instruments_of = {},
                                                    ReopenPause pause = {});
  ~ButtonLane();
  ButtonLane(const ButtonLane&) = delete;
  ButtonLane& operator=(const ButtonLane&) = delete;

  // The lane's thread: waits for edges and commands until stop is requested; wakes at least every
  // second to beat.
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread, before run() too. Rings any enabled button, gpio ones included, and gives the id that
  // the Ring will carry. not_found: no such button or disabled. resource: the lane is not keeping up.
  Result<event::EventId> press(std::string_view button_id, event::TriggerSource source,
                               const event::TraceContext& trace = event::TraceContext::start());

  // Any thread. Every field is one atomic of its own: a moment's view.
  std::vector<ButtonStatus> status() const;
  // Any thread. True once run() has tried every line for the first time.
  bool armed() const noexcept;

  // Any thread: the command queue, for pipeline_queue_*{queue_name="button"}.
  std::size_t queue_size() const noexcept;
  std::size_t queue_capacity() const noexcept;
  std::uint64_t queue_dropped() const noexcept;

 private:
  struct State;
  explicit ButtonLane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::gpio
