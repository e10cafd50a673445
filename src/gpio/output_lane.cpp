// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/output_lane.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <utility>

#include "gpio/house_light.hpp"
#include "gpio/output.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t order_capacity = 64;
constexpr auto longest_sleep = 1s;
// Who rang does not stand there for ever: a chime that comes later calls people to a door where nobody is.
constexpr auto latest_chime = 10s;

// What somebody wants of the outputs, on its way to the lane.
struct OutputOrder {
  enum class Kind : std::uint8_t { light, pulse };
  Kind kind = Kind::light;
  LightSignal signal = LightSignal::none;  // of `light`
  std::string output_id{};                 // of `pulse`, and so are the others
  MonotonicTime not_after{};
  std::function<void(Status)> done{};
};
// A lane that is 64 orders behind is about to be restarted; what came last is given up, and counted. Rings
// are not among them: lights that wait must not silence a chime.
using OrderRing = MpscRing<OutputOrder, QueueName::output, Overflow::refuse>;

using Outputs = std::vector<std::shared_ptr<Output>>;
using OutputsPtr = std::shared_ptr<const Outputs>;

struct Configuration {
  OutputsPtr outputs;
  ButtonsPtr buttons;
};

constexpr std::int64_t no_ring = std::numeric_limits<std::int64_t>::min();

const telemetry::Logger& logger() {
  static const telemetry::Logger instance("doorbell.gpio", telemetry::Component::hardware);
  return instance;
}

// Whoever asked may throw at the answer; the pulses of the others end all the same.
void tell(const std::function<void(Status)>& done, Status status) {
  try {
    done(std::move(status));
  } catch (const std::exception& thrown) {
    logger().error("the answer to a pulse was not taken", thrown);
  }
}

OutputCause cause_of(HouseLight::State state) noexcept {
  switch (state) {
    case HouseLight::State::idle:
      return OutputCause::idle;
    case HouseLight::State::error:
      return OutputCause::error;
    case HouseLight::State::processing:
      return OutputCause::processing;
    case HouseLight::State::known:
      return OutputCause::known;
    case HouseLight::State::unknown:
      return OutputCause::unknown;
    case HouseLight::State::alert:
      return OutputCause::alert;
  }
  return OutputCause::off;
}

bool is_light(const OutputOptions& options) noexcept {
  return options.cause != OutputCause::ring && options.cause != OutputCause::door &&
         options.cause != OutputCause::off;
}

}  // namespace

struct OutputLane::State {
  State(const Clock& time, telemetry::Histogram latency, ReopenPause pauses, Wakeup wake)
      : clock(time), chime_latency(latency), pause(pauses), wakeup(std::move(wake)) {}

  void take_configuration();
  void obey_all();
  void answer_rings(std::int64_t oldest, std::int64_t newest);
  void chime(MonotonicTime edge);
  Status pulse(const OutputOrder& order);
  void turn();
  bool has_work() const;
  void show_lights(MonotonicTime now);
  void pass_time(MonotonicTime now);
  std::chrono::nanoseconds time_to_next(MonotonicTime now) const;
  void end();

  // const after construction
  const Clock& clock;
  telemetry::Histogram chime_latency;
  const ReopenPause pause;
  // main thread
  OutputsPtr made = std::make_shared<const Outputs>();
  // any thread
  Wakeup wakeup;
  OrderRing orders{order_capacity, wakeup};
  // The edges of the oldest and the newest ring that wait for their chime, in ns.
  std::atomic<std::int64_t> rung{no_ring};
  std::atomic<std::int64_t> rung_last{no_ring};
  std::atomic<std::uint64_t> rung_in_vain{0};
  Mailbox<Configuration> configured{&wakeup};
  std::atomic<bool> has_outputs{false};
  std::atomic<bool> is_wrong{false};
  std::atomic<bool> armed{false};
  // the lane's thread
  OutputsPtr outputs = std::make_shared<const Outputs>();
  HouseLight light;
  MonotonicTime lines_checked{};
};

OutputLane::OutputLane(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputLane::~OutputLane() = default;

Result<std::unique_ptr<OutputLane>> OutputLane::create(const Clock& clock, telemetry::Histogram chime_latency,
                                                       ReopenPause pause) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  return std::unique_ptr<OutputLane>(
      new OutputLane(std::make_unique<State>(clock, chime_latency, pause, std::move(*wakeup))));
}

void OutputLane::configure(const std::vector<OutputOptions>& wanted,
                           const OutputInstrumentsOf& instruments_of, const Buttons& buttons) {
  auto made = std::make_shared<Outputs>();
  for (const auto& options : wanted) {
    const auto& before = *state_->made;
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const auto& output) { return output->options() == options; });
    made->push_back(
        same != before.end()
            ? *same
            : std::make_shared<Output>(
                  options, instruments_of ? instruments_of(options) : OutputInstruments{}, state_->pause));
  }
  state_->made = made;
  state_->has_outputs = !made->empty();
  state_->configured.post({state_->made, std::make_shared<const Buttons>(buttons)});
}

std::function<std::vector<OutputStatus>()> OutputLane::observer() const {
  return [outputs = state_->made] {
    std::vector<OutputStatus> all;
    for (const auto& output : *outputs) all.push_back(output->status());
    return all;
  };
}

void OutputLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto& s = *state_;
  const std::stop_callback wake(stop, [&s] { s.wakeup.notify(); });
  try {
    while (!stop.stop_requested()) {
      heartbeat.beat();
      s.turn();
      s.wakeup.wait_for(s.time_to_next(s.clock.now()), [&] { return s.has_work() || stop.stop_requested(); });
    }
  } catch (...) {
    s.end();  // a pulse must not last until somebody starts the lane again
    throw;
  }
  s.end();
}

void OutputLane::State::turn() {
  take_configuration();
  if (const auto oldest = rung.exchange(no_ring); oldest != no_ring)
    answer_rings(oldest, std::max(oldest, rung_last.exchange(no_ring)));
  obey_all();
  pass_time(clock.now());
  armed.store(true, std::memory_order_release);
}

// One ring in time sounds the chime, whatever waited with it.
void OutputLane::State::answer_rings(std::int64_t oldest, std::int64_t newest) {
  const auto late = clock.now() - MonotonicTime{std::chrono::nanoseconds{newest}};
  if (late <= latest_chime) return chime(MonotonicTime{std::chrono::nanoseconds{oldest}});
  rung_in_vain.fetch_add(1, std::memory_order_relaxed);
  logger().warning("a ring came too late for the chime, which stays silent",
                   {{"late_seconds", std::chrono::duration<double>(late).count()}});
}

bool OutputLane::State::has_work() const {
  return rung.load() != no_ring || !orders.empty() || configured.has_fresh();
}

// The old ones let their lines go first: the kernel gives each to one owner only.
void OutputLane::State::take_configuration() {
  auto fresh = configured.take();
  if (!fresh) return;
  const auto& wanted = *fresh->outputs;
  for (const auto& old : *outputs)
    if (std::find(wanted.begin(), wanted.end(), old) == wanted.end()) old->let_go();
  outputs = fresh->outputs;
  for (const auto& output : *outputs) {
    output->set_buttons(fresh->buttons);
    output->look_at_hours(clock.wall());  // a ring may wait already
  }
  lines_checked = {};
}

void OutputLane::State::obey_all() {
  while (auto order = orders.pop()) {
    switch (order->kind) {
      case OutputOrder::Kind::light:
        light.note(order->signal, clock.now());
        break;
      case OutputOrder::Kind::pulse:
        tell(order->done, pulse(*order));
        break;
    }
  }
}

// Lines that are open first: to look for the others takes time. Then the numbers: a histogram has a lock that
// a scrape takes too.
void OutputLane::State::chime(MonotonicTime edge) {
  std::vector<Output*> chimes;
  for (const auto& output : *outputs) {
    const auto& options = output->options();
    if (options.cause == OutputCause::ring && options.enabled && !output->is_quiet())
      chimes.push_back(output.get());
  }
  std::stable_partition(chimes.begin(), chimes.end(), [](const Output* chime) { return chime->has_line(); });
  std::size_t sounded = 0;
  for (auto* chime : chimes) {
    // A failure is the output's: it was logged and counted when the line was lost.
    const auto written = chime->pulse(clock.now());
    if (written && *written) ++sounded;
  }
  const auto took = std::max<std::chrono::nanoseconds>(clock.now() - edge, 0ns);
  for (; sounded > 0; --sounded) chime_latency.observe(std::chrono::duration<double>(took).count());
}

Status OutputLane::State::pulse(const OutputOrder& order) {
  const auto doing = "switch '" + order.output_id + "' on: ";
  for (const auto& output : *outputs) {
    if (output->options().id != order.output_id) continue;
    const auto now = clock.now();
    if (now > order.not_after) return Error(ErrorCode::timeout, doing + "the outputs came to it too late");
    auto written = output->pulse(now);
    return written ? Status() : Status(std::move(written).error());
  }
  return Error(ErrorCode::not_found, doing + "no output has that id");
}

void OutputLane::State::show_lights(MonotonicTime now) {
  light.set_error(is_wrong.load(std::memory_order_relaxed));
  const auto shown = cause_of(light.shown(now));
  for (const auto& output : *outputs)
    if (is_light(output->options())) output->light(output->options().cause == shown, now);
}

void OutputLane::State::pass_time(MonotonicTime now) {
  const bool check = now >= lines_checked + longest_sleep;
  if (check) lines_checked = now;
  for (const auto& output : *outputs) {
    output->advance(now);
    if (check) output->look_at_hours(clock.wall());
    if (check) output->check_line(now);
    output->open_when_due(now);
  }
  show_lights(now);
}

std::chrono::nanoseconds OutputLane::State::time_to_next(MonotonicTime now) const {
  auto next = std::min<MonotonicTime>(now + longest_sleep, lines_checked + longest_sleep);
  if (const auto change = light.next_change(now)) next = std::min(next, *change);
  for (const auto& output : *outputs)
    if (const auto deadline = output->next_deadline()) next = std::min(next, *deadline);
  return std::max<std::chrono::nanoseconds>(next - now, 0ns);
}

void OutputLane::State::end() {
  take_configuration();
  for (const auto& output : *outputs) output->let_go();
  rung = no_ring;
  while (auto order = orders.pop())
    if (order->done) tell(order->done, Error(ErrorCode::cancelled, "the outputs are being let go"));
}

void OutputLane::ring(MonotonicTime edge) {
  if (!state_->has_outputs) return;
  const auto at = edge.time_since_epoch().count();
  auto last = state_->rung_last.load();
  while (last < at && !state_->rung_last.compare_exchange_weak(last, at)) {
  }
  auto expected = no_ring;
  state_->rung.compare_exchange_strong(expected, at);
  state_->wakeup.notify();
}

void OutputLane::show(const event::Event& event) {
  const auto signal = signal_of(event);
  if (!state_->has_outputs || signal == LightSignal::none) return;
  state_->orders.push({.kind = OutputOrder::Kind::light, .signal = signal});
}

void OutputLane::set_error(bool is_wrong) {
  if (state_->is_wrong.exchange(is_wrong) != is_wrong && state_->has_outputs)
    state_->orders.push({.kind = OutputOrder::Kind::light});
}

void OutputLane::pulse(std::string_view output_id, MonotonicTime not_after,
                       std::function<void(Status)> done) {
  const auto doing = "switch '" + std::string(output_id) + "' on: ";
  if (!state_->has_outputs) return done(Error(ErrorCode::not_found, doing + "there are no outputs"));
  auto refused = done;
  if (!state_->orders.push({.kind = OutputOrder::Kind::pulse,
                            .output_id = std::string(output_id),
                            .not_after = not_after,
                            .done = std::move(done)}))
    refused(Error(ErrorCode::resource, doing + "too many orders are waiting"));
}

bool OutputLane::armed() const noexcept {
  return state_->armed.load(std::memory_order_acquire);
}
std::size_t OutputLane::queue_size() const noexcept {
  return state_->orders.size();
}
std::size_t OutputLane::queue_capacity() const noexcept {
  return state_->orders.capacity();
}
std::uint64_t OutputLane::queue_dropped() const noexcept {
  return state_->orders.dropped() + state_->rung_in_vain.load(std::memory_order_relaxed);
}

}  // namespace porchlight::gpio
