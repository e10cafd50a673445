// SPDX-License-Identifier: Apache-2.0
#include "notify/delivery_queue.hpp"

#include <algorithm>

namespace porchlight::notify {
namespace {

// A reload can bring back only what was pending when the store read it; the outcomes that it had not
// seen then are far fewer.
constexpr std::size_t most_remembered = 1024;

std::minstd_rand seeded() {
  std::uint32_t seed = 0;
  event::fill_random(&seed, sizeof seed);
  return std::minstd_rand(seed);
}

}  // namespace

DeliveryQueue::DeliveryQueue(const LaneOptions& options, const Clock& clock)
    : options_(options), clock_(clock), random_(seeded()) {}

bool DeliveryQueue::give_up_latest_repeat() {
  auto latest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at)
    if (at->second.attempts > 0 && (latest == entries_.end() || at->second.due > latest->second.due))
      latest = at;
  if (latest == entries_.end()) return false;
  entries_.erase(latest);
  return true;
}

void DeliveryQueue::add(Message message) {
  const Place place{message.row.key.event_id, message.row.key.sequence};
  if (entries_.contains(place) || settled_.contains(message.row.key)) return;
  const auto now = clock_.now();
  const auto wall = clock_.wall();
  Entry entry;
  // Wall times become distances here, so that a clock that is set later moves nothing.
  const std::chrono::nanoseconds wait = message.row.next_attempt - wall;
  entry.due = now + std::clamp<std::chrono::nanoseconds>(wait, std::chrono::nanoseconds::zero(),
                                                         options_.longest_retry_after);
  entry.expires = now + (message.row.expires - wall);
  entry.attempts = message.row.attempts;
  entry.arrival = arrivals_++;
  entry.message = std::move(message);
  entries_.emplace(place, std::move(entry));
}

bool DeliveryQueue::is_first_of_event(std::map<Place, Entry>::const_iterator at) const {
  return at == entries_.begin() || std::prev(at)->first.first != at->first.first;
}

DeliveryQueue::Entry* DeliveryQueue::next() {
  const auto now = clock_.now();
  const auto rank = [](const Entry& entry) {
    return std::tuple(entry.attempts > 0, entry.due, entry.arrival);
  };
  Entry* best = nullptr;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    auto& entry = at->second;
    if (entry.due > now || !is_first_of_event(at)) continue;
    if (best == nullptr || rank(entry) < rank(*best)) best = &entry;
  }
  return best;
}

DeliveryQueue::Entry* DeliveryQueue::next_expired() {
  const auto now = clock_.now();
  for (auto& [place, entry] : entries_)
    if (entry.expires <= now) return &entry;
  return nullptr;
}

std::optional<std::chrono::nanoseconds> DeliveryQueue::until_next() const {
  std::optional<MonotonicTime> first;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    const auto& entry = at->second;
    const auto when = is_first_of_event(at) ? std::min(entry.due, entry.expires) : entry.expires;
    if (!first || when < *first) first = when;
  }
  if (!first) return std::nullopt;
  return std::max(std::chrono::nanoseconds::zero(), *first - clock_.now());
}

void DeliveryQueue::remember(const store::RowKey& key) {
  settled_.insert(key);
  settled_order_.push_back(key);
  if (settled_order_.size() <= most_remembered) return;
  settled_.erase(settled_order_.front());
  settled_order_.pop_front();
}

Outcome DeliveryQueue::settle(Entry& entry, store::DeliveryState state) {
  const auto key = entry.message.row.key;
  Outcome outcome{key, state, entry.attempts, clock_.wall(), {}};
  remember(key);
  entries_.erase({key.event_id, key.sequence});
  return outcome;
}

std::chrono::milliseconds DeliveryQueue::backoff(std::uint32_t attempts) {
  auto wait = options_.first_backoff;
  for (std::uint32_t i = 1; i < attempts && wait < options_.longest_backoff; ++i) wait *= 2;
  wait = std::min(wait, options_.longest_backoff);
  // Between half and all of it, so that many devices do not come back as one.
  std::uniform_int_distribution<std::int64_t> part(wait.count() / 2, wait.count());
  return std::chrono::milliseconds(part(random_));
}

Outcome DeliveryQueue::postpone(Entry& entry, std::optional<std::chrono::milliseconds> retry_after) {
  auto wait = backoff(entry.attempts);
  if (retry_after) wait = std::max(wait, std::min(*retry_after, options_.longest_retry_after));
  entry.due = clock_.now() + wait;
  const auto& key = entry.message.row.key;
  return {key, store::DeliveryState::pending, entry.attempts, {}, clock_.wall() + wait};
}

}  // namespace porchlight::notify
