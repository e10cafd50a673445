// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/recorder.hpp"

#include <utility>

#include "record/record_instruments.hpp"
#include "record/recording.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
constexpr auto period = 200ms;
constexpr std::size_t most_triggers = 256;

using TriggerRing = SpscRing<Trigger, QueueName::recording, Overflow::drop_newest>;

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

struct Recorder::State {
  State(RecorderOptions wanted, Clock& time, telemetry::Metrics& metrics, Ports ports,
        std::unique_ptr<RecordQueue> made)
      : camera_id(wanted.camera_id),
        queue(std::move(made)),
        triggers(most_triggers, queue->wakeup()),
        instruments(wanted.camera_id, wanted.recording.folder, metrics),
        recording(std::move(wanted), time, instruments, std::move(ports)) {}

  // What happened before what came: an event wants what is in the ring before it is overwritten.
  void turn(Heartbeat& heartbeat) {
    while (auto trigger = triggers.pop()) recording.trigger(*trigger);
    while (auto item = queue->pop()) {
      heartbeat.beat();
      recording.take(std::move(*item));
    }
    recording.settle();
    writing.store(recording.writing(), std::memory_order_relaxed);
  }

  // const after construction
  const std::string camera_id;
  const telemetry::Logger log{"doorbell.recorder", telemetry::Component::recording};
  const std::unique_ptr<RecordQueue> queue;
  TriggerRing triggers;
  // recorder's thread, the longest sync: any
  RecordInstruments instruments;
  Recording recording;
  bool ran = false;
  // any thread: the whole message
  std::atomic<bool> writing{false};
};

Result<std::unique_ptr<Recorder>> Recorder::create(RecorderOptions options, Clock& clock,
                                                   telemetry::Metrics& metrics, Ports ports) {
  auto queue = RecordQueue::create();
  if (!queue)
    return std::move(queue).error().context("make the recorder of camera '" + options.camera_id + "'");
  return std::unique_ptr<Recorder>(new Recorder(
      std::make_unique<State>(std::move(options), clock, metrics, std::move(ports), std::move(*queue))));
}

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recorder::~Recorder() = default;

RecordQueue& Recorder::queue() noexcept {
  return *state_->queue;
}

bool Recorder::trigger(const Trigger& trigger) {
  return state_->triggers.push(trigger);
}

void Recorder::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto& s = *state_;
  std::stop_callback wake(stop, [&s] { s.queue->wakeup().notify(); });
  s.ran = true;
  s.recording.begin();
  while (!stop.stop_requested()) {
    heartbeat.beat();
    s.turn(heartbeat);
    // What came while a sync ran has waited long enough.
    if (s.queue->size() > 0) continue;
    s.queue->wakeup().wait_for(
        period, [&] { return stop.stop_requested() || s.queue->wants_attention() || !s.triggers.empty(); });
  }
  // Nobody pushes any more: what waits is the end of the last segment.
  while (auto item = s.queue->pop()) s.recording.take(std::move(*item));
  if (const auto left = s.queue->owed()) s.recording.take(*left);
  s.recording.end();
  s.writing.store(false, std::memory_order_relaxed);
  s.log.info("recorder ends",
             {{"camera_id", s.camera_id}, {"longest_sync_ms", milliseconds(longest_sync())}});
}

bool Recorder::active() const noexcept {
  return state_->writing.load(std::memory_order_relaxed);
}
std::chrono::nanoseconds Recorder::longest_sync() const noexcept {
  return state_->instruments.longest_sync();
}
std::uint64_t Recorder::triggers_dropped() const noexcept {
  return state_->triggers.dropped();
}
std::optional<MonotonicTime> Recorder::accounted_until() const {
  return state_->ran ? std::optional(state_->recording.accounted_until()) : std::nullopt;
}
void Recorder::retire() {
  state_->instruments.retire();
}

}  // namespace porchlight::record
