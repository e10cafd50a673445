// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/channel_lane.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "notify/channel_lane_state.hpp"

namespace porchlight::notify {

using namespace std::chrono_literals;

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
  const auto event = message.row.key.event_id;
  // After a refusal everything goes by way of the outbox until the lane asks for it, in order.
  if (!state_->overflowed.load(std::memory_order_acquire) && state_->offer(std::move(message))) return true;
  static_cast<void>(state_->refusals.push(event));
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
  auto& fresh = *state_;
  old.take_refusals();
  old.take_withdrawals();
  while (const auto left = old.ring.pop()) old.queue.note_elsewhere(left->row.key.event_id);
  fresh.queue.inherit(old.queue);
  fresh.receipts = std::move(old.receipts);
  fresh.unreported = std::move(old.unreported);
  // Only ever set: messages are pushed already, and one may have been refused.
  if (old.has_refused.load(std::memory_order_acquire))
    fresh.has_refused.store(true, std::memory_order_release);
  old.take_names();
  fresh.known = old.known;
  if (fresh.type == old.type) fresh.channel->inherit(*old.channel);
  if (!fresh.is_same_channel(old)) return;
  fresh.breaker.inherit(old.breaker);
  fresh.open.store(fresh.breaker.open(), std::memory_order_relaxed);
}

// One that is not configured as before may have been mended by that: it is tried at once.
bool ChannelLane::State::is_same_channel(const State& former) const {
  return type == former.type && !fingerprint.empty() && fingerprint == former.fingerprint;
}

void ChannelLane::know(KnownNames names) {
  state_->names.post(std::move(names));
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
  state.take_names();
  state.take_refusals();
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

void ChannelLane::State::take_turn() {
  if (auto news = house.take()) channel->learn(std::move(*news));
  channel->turn();
  const auto now = channel->connections();
  if (std::exchange(connections, now) == now) return;
  if (breaker.answered() == Breaker::Change::closed) {
    open.store(false, std::memory_order_relaxed);
    log.info("the channel is connected again, what waited goes out", {{"channel_id", channel_id}});
  }
  queue.release();
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

}  // namespace porchlight::notify
