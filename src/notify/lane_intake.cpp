// SPDX-License-Identifier: Apache-2.0
// What comes into a lane: messages, names, withdrawals, and what has to be fetched from the outbox.
#include <utility>

#include "notify/channel_lane_state.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {

using store::DeliveryState;

namespace {

// What was given up for something fresh is asked for again no more often than this: each time the store lane
// reads and sorts all that waits for the channel.
constexpr std::chrono::seconds reload_pause{1};

}  // namespace

bool ChannelLane::State::offer(Message message) {
  const auto bytes = picture_bytes_of(message);
  // Counted first, so that it is never less than what the ring holds.
  if (const auto before = ring_picture_bytes.fetch_add(bytes);
      (bytes == 0 || before < limits.most_picture_bytes) && ring.push(std::move(message)))
    return true;
  ring_picture_bytes.fetch_sub(bytes);
  return false;
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

void ChannelLane::State::take_names() {
  auto news = names.take();
  if (!news) return;
  known = std::move(*news);
  queue.leave_out_strangers(*known);
}

void ChannelLane::State::take_refusals() {
  while (const auto id = refusals.pop()) queue.note_elsewhere(*id);
}

void ChannelLane::State::fetch_later() {
  incomplete = true;
  next_reload = clock.now();
}

void ChannelLane::State::take(Message message) {
  // Whoever was enrolled and seen since the last look is known by now.
  take_names();
  if (known) leave_out_strangers(message.row, *known);
  if (queue.knows(message.row)) return;
  if (comes_too_early(message)) return fetch_later();
  // Full of what waits: a fresh ring is tried at once all the same, and what has to go for it is in the
  // outbox.
  if (!queue.has_room()) {
    incomplete = true;
    has_refused.store(true, std::memory_order_release);
    const auto& event = message.row.key.event_id;
    if (!queue.make_room(queue.wait_of(message.row), event)) return queue.note_elsewhere(event);
  }
  if (auto outcome = queue.add(std::move(message))) report(std::move(*outcome));
}

// What it follows was refused or given up and would be overtaken. An escalation follows nothing: it may be
// the first that a channel hears of the event.
bool ChannelLane::State::comes_too_early(const Message& message) const {
  const auto& event = message.row.key.event_id;
  const auto sequence = message.row.key.sequence;
  const bool follows = sequence > first_message && sequence != store::first_escalation;
  if (!follows || message.reloaded) return false;
  return queue.is_elsewhere(event) ||
         (has_refused.load(std::memory_order_acquire) && !queue.knows_event(event));
}

void ChannelLane::State::take_withdrawals() {
  while (const auto id = withdrawals.pop())
    for (auto& outcome : queue.withdraw(*id)) report(std::move(outcome));
}

void ChannelLane::State::drop_expired() {
  while (auto* entry = queue.next_expired()) {
    log.error("notification expired undelivered", about(*entry, ""));
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

}  // namespace porchlight::notify
