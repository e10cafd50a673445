// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/channel_lane.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "notify/delivery_queue.hpp"
#include "notify/lane_instruments.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using Ring = MpscRing<Message, QueueName::notification, Overflow::refuse>;

const telemetry::Logger& logger() {
  static const telemetry::Logger log("doorbell.notification", telemetry::Component::notification);
  return log;
}

}  // namespace

struct ChannelLane::State {
  State(const ChannelOptions& options_of_channel, std::unique_ptr<Channel> made, const LaneOptions& options,
        Wakeup wake, const Clock& time, LaneInstruments handles, Ports given)
      : channel_id(options_of_channel.id),
        language(options_of_channel.language),
        channel(std::move(made)),
        wakeup(std::move(wake)),
        ring(options.queue_capacity, wakeup),
        clock(time),
        instruments(std::move(handles)),
        ports(std::move(given)),
        queue(options, time) {}

  void take_over();
  void drop_expired();
  void ask_for_reload();
  void attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop);
  void conclude(DeliveryQueue::Entry& entry, const Delivery& delivery);
  void finish(DeliveryQueue::Entry& entry, DeliveryState state);
  void report(Outcome outcome);
  void report_leftovers();
  void wait(const std::stop_token& stop);
  telemetry::Fields about(const DeliveryQueue::Entry& entry, const std::string& cause) const;

  // const after construction
  const std::string channel_id;
  const Language language;
  const std::unique_ptr<Channel> channel;
  // any thread
  Wakeup wakeup;
  Ring ring;
  std::atomic<bool> overflowed{false};
  // lane thread
  const Clock& clock;
  LaneInstruments instruments;
  const Ports ports;
  DeliveryQueue queue;
  std::deque<Outcome> unreported;  // the store lane's queue was full
};

ChannelLane::ChannelLane(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChannelLane::~ChannelLane() = default;

Result<std::unique_ptr<ChannelLane>> ChannelLane::create(const ChannelOptions& channel, LaneOptions options,
                                                         Clock& clock, telemetry::Metrics& metrics,
                                                         Ports ports) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  auto made = channel.make(clock);
  if (!made) return std::move(made).error().context("set up channel '" + channel.id + "'");
  auto state = std::make_unique<State>(channel, std::move(*made), options, std::move(*wakeup), clock,
                                       LaneInstruments(metrics, channel.type), std::move(ports));
  return std::unique_ptr<ChannelLane>(new ChannelLane(std::move(state)));
}

bool ChannelLane::push(Message message) {
  // After a refusal everything goes by way of the outbox until the lane asks for it, in order.
  if (!state_->overflowed.load(std::memory_order_acquire) && state_->ring.push(std::move(message)))
    return true;
  state_->overflowed.store(true, std::memory_order_release);
  return false;
}

const std::string& ChannelLane::channel_id() const noexcept {
  return state_->channel_id;
}
std::size_t ChannelLane::queued() const noexcept {
  return state_->ring.size();
}
std::size_t ChannelLane::capacity() const noexcept {
  return state_->ring.capacity();
}
std::uint64_t ChannelLane::refused() const noexcept {
  return state_->ring.dropped();
}

void ChannelLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto& state = *state_;
  std::stop_callback wake(stop, [&state] { state.wakeup.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    state.report_leftovers();
    state.take_over();
    state.drop_expired();
    state.ask_for_reload();
    if (auto* entry = state.queue.next())
      state.attempt(*entry, stop);
    else
      state.wait(stop);
  }
  state.report_leftovers();
}

void ChannelLane::State::take_over() {
  while (!ring.empty()) {
    // Full of repeats for a receiver that is away: a fresh ring is tried at once all the same, and what
    // has to go for it is in the outbox.
    if (!queue.has_room()) {
      if (!queue.give_up_latest_repeat()) return;
      overflowed.store(true, std::memory_order_release);
    }
    auto message = ring.pop();
    if (!message) return;
    queue.add(std::move(*message));
  }
}

void ChannelLane::State::drop_expired() {
  while (auto* entry = queue.next_expired()) {
    logger().error("notification expired undelivered", about(*entry, ""));
    finish(*entry, DeliveryState::expired);
  }
}

void ChannelLane::State::ask_for_reload() {
  if (!overflowed.load(std::memory_order_acquire) || !ring.empty() || !queue.has_room()) return;
  // Cleared before asking: what is refused from now on asks again.
  overflowed.store(false, std::memory_order_release);
  if (!ports.reload()) overflowed.store(true, std::memory_order_release);
}

void ChannelLane::State::attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop) {
  if (!entry.first_attempt) entry.first_attempt = clock.now();
  if (entry.attempts > 0) instruments.retried();
  ++entry.attempts;
  entry.message.words = words_of(entry.message.row, language);
  const auto begun = clock.now();
  const auto delivery = channel->deliver(entry.message, stop);
  instruments.attempted(clock.now() - begun);
  // Cut short by the stop: not a failure, the row stays pending as it was.
  if (delivery.kind == Delivery::Kind::retry && stop.stop_requested()) return;
  conclude(entry, delivery);
}

void ChannelLane::State::conclude(DeliveryQueue::Entry& entry, const Delivery& delivery) {
  switch (delivery.kind) {
    case Delivery::Kind::delivered:
      if (entry.message.row.type == "ring") instruments.ring_accepted(entry.message, clock);
      return finish(entry, DeliveryState::delivered);
    case Delivery::Kind::rejected:
      instruments.failed(delivery.code);
      logger().error("notification rejected", about(entry, delivery.text));
      return finish(entry, DeliveryState::failed);
    case Delivery::Kind::retry:
      instruments.failed(delivery.code);
      if (entry.attempts == 1)
        logger().warning("notification not delivered, trying again", about(entry, delivery.text));
      return report(queue.postpone(entry, delivery.retry_after));
  }
}

void ChannelLane::State::finish(DeliveryQueue::Entry& entry, DeliveryState state) {
  instruments.settled(
      entry.message.row.label, state == DeliveryState::delivered,
      entry.first_attempt ? clock.now() - *entry.first_attempt : std::chrono::nanoseconds::zero());
  report(queue.settle(entry, state));
}

void ChannelLane::State::report(Outcome outcome) {
  if (!unreported.empty() || !ports.outcome(outcome)) unreported.push_back(std::move(outcome));
}

void ChannelLane::State::report_leftovers() {
  while (!unreported.empty() && ports.outcome(unreported.front())) unreported.pop_front();
}

void ChannelLane::State::wait(const std::stop_token& stop) {
  // One second is the heartbeat's pace; a refused outcome or reload is offered again sooner.
  std::chrono::nanoseconds longest =
      unreported.empty() && !overflowed.load(std::memory_order_relaxed) ? 1s : 50ms;
  if (const auto due = queue.until_next()) longest = std::min(longest, *due);
  wakeup.wait_for(longest, [&] { return stop.stop_requested() || (queue.has_room() && !ring.empty()); });
}

telemetry::Fields ChannelLane::State::about(const DeliveryQueue::Entry& entry,
                                            const std::string& cause) const {
  const auto& key = entry.message.row.key;
  telemetry::Fields fields{{"event_id", key.event_id.text()},
                           {"channel_id", channel_id},
                           {"sequence", std::int64_t{key.sequence}},
                           {"attempts", std::int64_t{entry.attempts}}};
  if (!cause.empty()) fields.push_back({"cause", cause});
  return fields;
}

}  // namespace porchlight::notify
