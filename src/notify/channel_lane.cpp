// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/channel_lane.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <utility>

#include "notify/breaker.hpp"
#include "notify/delivery_queue.hpp"
#include "notify/failure_words.hpp"
#include "notify/lane_instruments.hpp"
#include "notify/receipts.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/notify/payload.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using Ring = MpscRing<Message, QueueName::notification, Overflow::refuse>;
using Withdrawals = MpscRing<event::EventId, QueueName::notification, Overflow::refuse>;
constexpr std::size_t withdrawal_capacity = 64;
// What was given up for something fresh is asked for again no more often than this: each time the store lane
// reads and sorts all that waits for the channel.
constexpr auto reload_pause = 1s;

const telemetry::Logger& logger() {
  static const telemetry::Logger log("doorbell.notification", telemetry::Component::notification);
  return log;
}

std::size_t picture_bytes_of(const Message& message) noexcept {
  return message.picture ? message.picture->size() : 0;
}

}  // namespace

struct ChannelLane::State {
  State(const ChannelOptions& options_of_channel, std::unique_ptr<Channel> made, const LaneOptions& options,
        Wakeup wake, const Clock& time, LaneInstruments handles, Ports given)
      : channel_id(options_of_channel.id),
        language(options_of_channel.language),
        links(options.links),
        channel(std::move(made)),
        wakeup(std::move(wake)),
        ring(options.queue_capacity, wakeup),
        withdrawals(withdrawal_capacity, wakeup),
        house(&wakeup),
        clock(time),
        limits(options),
        instruments(std::move(handles)),
        ports(std::move(given)),
        queue(options, time),
        breaker(options.failures_to_open, options.open_pause) {}

  bool offer(Message message);
  void take_over();
  void take(Message message);
  bool comes_too_early(const Message& message) const;
  void take_withdrawals();
  void drop_expired();
  bool reload_is_due() const;
  void ask_for_reload();
  bool may_attempt() const;
  DeliveryQueue::Entry* next();
  void attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop);
  void conclude(DeliveryQueue::Entry& entry, const Delivery& delivery);
  void note_answer(const DeliveryQueue::Entry& entry);
  void note_failure(const DeliveryQueue::Entry& entry, const Delivery& delivery);
  void finish(DeliveryQueue::Entry& entry, DeliveryState state, std::string words = {});
  void report(Outcome outcome);
  void report_leftovers();
  std::chrono::nanoseconds pause() const;
  void take_turn();
  void wait(std::chrono::nanoseconds longest, const std::stop_token& stop);
  bool has_news(const std::stop_token& stop);
  telemetry::Fields about(const DeliveryQueue::Entry& entry, const std::string& cause) const;

  // const after construction
  const std::string channel_id;
  const Language language;
  const LinkMakerPtr links;
  const std::unique_ptr<Channel> channel;
  // any thread
  Wakeup wakeup;
  Ring ring;
  std::atomic<std::size_t> ring_picture_bytes{0};
  Withdrawals withdrawals;
  Mailbox<HousePtr> house;
  std::atomic<bool> overflowed{false};
  std::atomic<bool> has_refused{false};  // ever, or given up
  std::atomic<bool> open{false};         // as the breaker is
  // lane thread
  const Clock& clock;
  const LaneOptions limits;
  LaneInstruments instruments;
  const Ports ports;
  DeliveryQueue queue;
  Breaker breaker;
  std::uint64_t connections = 0;  // of the channel, as last seen
  Receipts receipts;
  bool incomplete = false;  // the outbox has what was given up here
  MonotonicTime next_reload{};
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
  (*made)->count_in(metrics);
  auto state = std::make_unique<State>(channel, std::move(*made), options, std::move(*wakeup), clock,
                                       LaneInstruments(metrics, channel.type), std::move(ports));
  return std::unique_ptr<ChannelLane>(new ChannelLane(std::move(state)));
}

bool ChannelLane::push(Message message) {
  // After a refusal everything goes by way of the outbox until the lane asks for it, in order.
  if (!state_->overflowed.load(std::memory_order_acquire) && state_->offer(std::move(message))) return true;
  state_->overflowed.store(true, std::memory_order_release);
  state_->has_refused.store(true, std::memory_order_release);
  return false;
}

bool ChannelLane::withdraw(const event::EventId& id) {
  return state_->withdrawals.push(id);
}

bool ChannelLane::open() const noexcept {
  return state_->open.load(std::memory_order_relaxed);
}

void ChannelLane::inherit(ChannelLane& former) {
  auto& old = *former.state_;
  state_->queue.inherit(old.queue);
  state_->receipts = std::move(old.receipts);
  state_->unreported = std::move(old.unreported);
  state_->has_refused.store(old.has_refused.load(std::memory_order_acquire), std::memory_order_release);
}

void ChannelLane::tell(HousePtr house) {
  state_->house.post(std::move(house));
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
  std::stop_callback wake(stop, [this] { state_->wakeup.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    if (const auto idle = turn(stop)) state_->wait(*idle, stop);
  }
  state_->channel->leave();
  state_->report_leftovers();
}

std::optional<std::chrono::nanoseconds> ChannelLane::turn(const std::stop_token& stop) {
  auto& state = *state_;
  state.report_leftovers();
  state.take_over();
  state.take_withdrawals();
  state.drop_expired();
  state.ask_for_reload();
  state.take_turn();
  auto* entry = state.next();
  if (entry == nullptr) return state.pause();
  state.attempt(*entry, stop);
  return std::nullopt;
}

bool ChannelLane::State::offer(Message message) {
  const auto bytes = picture_bytes_of(message);
  // Counted first, so that it is never less than what the ring holds.
  if (const auto before = ring_picture_bytes.fetch_add(bytes);
      (bytes == 0 || before < limits.most_picture_bytes) && ring.push(std::move(message)))
    return true;
  ring_picture_bytes.fetch_sub(bytes);
  return false;
}

void ChannelLane::State::take_turn() {
  if (auto news = house.take()) channel->learn(std::move(*news));
  channel->turn();
  const auto now = channel->connections();
  if (std::exchange(connections, now) == now) return;
  if (breaker.answered() == Breaker::Change::closed) {
    open.store(false, std::memory_order_relaxed);
    logger().info("the channel is connected again, what waited goes out", {{"channel_id", channel_id}});
  }
  queue.release();
}

void ChannelLane::State::take_over() {
  // Where nothing can wait elsewhere, everything held is fresh and its turn comes first.
  while (!ring.empty() && (queue.has_room() || queue.can_make_room())) {
    auto message = ring.pop();
    if (!message) return;
    ring_picture_bytes.fetch_sub(picture_bytes_of(*message));
    take(std::move(*message));
  }
}

void ChannelLane::State::take(Message message) {
  if (queue.knows(message.row)) return;
  if (comes_too_early(message)) {
    incomplete = true;
    next_reload = clock.now();
    return;
  }
  // Full of what waits: a fresh ring is tried at once all the same, and what has to go for it is in the
  // outbox.
  if (!queue.has_room()) {
    incomplete = true;
    has_refused.store(true, std::memory_order_release);
    if (!queue.make_room(queue.wait_of(message.row))) return;
  }
  if (auto outcome = queue.add(std::move(message))) report(std::move(*outcome));
}

// Its ring was refused or given up and would be overtaken. An escalation may be the first that a channel
// hears of the event.
bool ChannelLane::State::comes_too_early(const Message& message) const {
  const auto sequence = message.row.key.sequence;
  return has_refused.load(std::memory_order_acquire) && !message.reloaded && sequence > 0 &&
         sequence < store::first_escalation && !queue.knows_event(message.row.key.event_id);
}

void ChannelLane::State::take_withdrawals() {
  while (const auto id = withdrawals.pop())
    for (auto& outcome : queue.withdraw(*id)) report(std::move(outcome));
}

void ChannelLane::State::drop_expired() {
  while (auto* entry = queue.next_expired()) {
    logger().error("notification expired undelivered", about(*entry, ""));
    finish(*entry, DeliveryState::expired);
  }
}

bool ChannelLane::State::reload_is_due() const {
  return overflowed.load(std::memory_order_acquire) || (incomplete && clock.now() >= next_reload);
}

void ChannelLane::State::ask_for_reload() {
  if (!reload_is_due() || !ring.empty() || !queue.has_room()) return;
  // While there is enough to do, half a lane at a time.
  if (queue.size() > limits.most_waiting / 2 && next() != nullptr) return;
  // Cleared before asking: what is refused from now on asks again.
  overflowed.store(false, std::memory_order_release);
  incomplete = false;
  next_reload = clock.now() + reload_pause;
  if (!ports.reload()) overflowed.store(true, std::memory_order_release);
}

// What came of it must find a place: without one, nothing more is tried.
bool ChannelLane::State::may_attempt() const {
  return breaker.permits(clock.now()) && unreported.size() < limits.most_waiting;
}

DeliveryQueue::Entry* ChannelLane::State::next() {
  return may_attempt() ? queue.next() : nullptr;
}

void ChannelLane::State::attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop) {
  if (!entry.first_attempt) entry.first_attempt = clock.now();
  auto message = entry.message;
  receipts.add_to(message);
  message.words = words_of(message.row, language, links ? links->address_for(message.row) : std::string());
  message.row.payload = public_payload(message.row);
  const auto begun = clock.now();
  const auto delivery = channel->deliver(message, stop);
  // Cut short by the stop: not a failure, the row stays pending as it was.
  if (delivery.kind == Delivery::Kind::retry && stop.stop_requested()) return;
  if (entry.attempts > 0) instruments.retried();
  ++entry.attempts;
  instruments.attempted(clock.now() - begun, delivery.kind);
  conclude(entry, delivery);
}

void ChannelLane::State::conclude(DeliveryQueue::Entry& entry, const Delivery& delivery) {
  switch (delivery.kind) {
    case Delivery::Kind::delivered:
      note_answer(entry);
      if (entry.message.row.type == "ring" && entry.message.row.key.sequence == first_message)
        instruments.ring_accepted(entry.message, clock);
      receipts.note(entry.message.row.key, delivery.receipt);
      return finish(entry, DeliveryState::delivered,
                    delivery.receipt.size() > Receipts::longest ? std::string() : delivery.receipt);
    case Delivery::Kind::rejected:
      note_answer(entry);
      instruments.failed(delivery.code);
      logger().error("notification rejected", about(entry, delivery.text));
      return finish(entry, DeliveryState::failed, failure_words(delivery.text));
    case Delivery::Kind::retry:
      note_failure(entry, delivery);
      return report(queue.postpone(entry, delivery.retry_after, failure_words(delivery.text)));
  }
}

void ChannelLane::State::note_answer(const DeliveryQueue::Entry& entry) {
  if (breaker.answered() != Breaker::Change::closed) return;
  open.store(false, std::memory_order_relaxed);
  queue.release();
  logger().info("the channel answers again, what waited goes out", about(entry, ""));
}

void ChannelLane::State::note_failure(const DeliveryQueue::Entry& entry, const Delivery& delivery) {
  instruments.failed(delivery.code);
  const bool was_open = breaker.open();
  auto named = delivery.retry_after;
  if (named) named = std::min(*named, limits.longest_retry_after);
  if (breaker.failed(clock.now(), named) == Breaker::Change::opened) {
    open.store(true, std::memory_order_relaxed);
    logger().error("the channel does not answer, trying once a minute", about(entry, delivery.text));
  } else if (!was_open && entry.attempts == 1) {
    logger().warning("notification not delivered, trying again", about(entry, delivery.text));
  }
}

// An escalation that was withdrawn is no message that was sent, nor one that failed.
void ChannelLane::State::finish(DeliveryQueue::Entry& entry, DeliveryState state, std::string words) {
  instruments.settled(
      entry.message.row.label, state == DeliveryState::delivered,
      entry.first_attempt ? clock.now() - *entry.first_attempt : std::chrono::nanoseconds::zero());
  report(queue.settle(entry, state, std::move(words)));
}

void ChannelLane::State::report(Outcome outcome) {
  if (!unreported.empty() || !ports.outcome(outcome)) unreported.push_back(std::move(outcome));
}

void ChannelLane::State::report_leftovers() {
  while (!unreported.empty() && ports.outcome(unreported.front())) unreported.pop_front();
}

std::chrono::nanoseconds ChannelLane::State::pause() const {
  // One second is the heartbeat's pace; a refused outcome or reload is offered again sooner.
  const std::chrono::nanoseconds longest =
      unreported.empty() && !overflowed.load(std::memory_order_relaxed) ? 1s : 50ms;
  auto end = clock.now() + longest;
  if (const auto due = queue.next_due(); due && unreported.size() < limits.most_waiting)
    end = std::min(end, std::max(*due, breaker.next_probe().value_or(*due)));
  if (const auto expiry = queue.next_expiry()) end = std::min(end, *expiry);
  if (incomplete && queue.has_room()) end = std::min(end, next_reload);
  return std::max(std::chrono::nanoseconds::zero(), end - clock.now());
}

bool ChannelLane::State::has_news(const std::stop_token& stop) {
  return stop.stop_requested() || !withdrawals.empty() || house.has_fresh() ||
         (!ring.empty() && (queue.has_room() || queue.can_make_room()));
}

void ChannelLane::State::wait(std::chrono::nanoseconds longest, const std::stop_token& stop) {
  const int descriptor = channel->descriptor();
  if (descriptor < 0) {
    wakeup.wait_for(longest, [&] { return has_news(stop); });
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec limit{static_cast<time_t>(seconds.count()), static_cast<long>((longest - seconds).count())};
  wakeup.arm();
  if (!has_news(stop)) {
    pollfd waited[]{{wakeup.fd(), POLLIN, 0},
                    {descriptor, static_cast<short>(POLLIN | (channel->wants_to_write() ? POLLOUT : 0)), 0}};
    static_cast<void>(::ppoll(waited, 2, &limit, nullptr));
  }
  wakeup.disarm();
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
