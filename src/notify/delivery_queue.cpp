// SPDX-License-Identifier: Apache-2.0
#include "notify/delivery_queue.hpp"

#include <algorithm>
#include <tuple>

#include "porchlight/notify/escalation.hpp"
#include "porchlight/notify/known_names.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

// A reload can bring back only what was pending when the store read it; the outcomes that it had not
// seen then are far fewer.
constexpr std::size_t most_remembered = 1024;
// An escalation waits for its time by its own rule; a longer wait was written under a clock that was wrong.
constexpr std::chrono::nanoseconds longest_escalation = 24h;

std::minstd_rand seeded() {
  std::uint32_t seed = 0;
  event::fill_random(&seed, sizeof seed);
  return std::minstd_rand(seed);
}

}  // namespace

DeliveryQueue::DeliveryQueue(const LaneOptions& options, const Clock& clock)
    : options_(options), clock_(clock), released_(clock.now()), random_(seeded()) {}

bool DeliveryQueue::has_room() const noexcept {
  return entries_.empty() ||
         (entries_.size() < options_.most_waiting && picture_bytes_ < options_.most_picture_bytes);
}

bool DeliveryQueue::can_wait(const Entry& entry) const {
  return entry.attempts > 0 || entry.due > clock_.now();
}

bool DeliveryQueue::can_make_room() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [this](const auto& held) { return can_wait(held.second); });
}

DeliveryQueue::Entries::iterator DeliveryQueue::latest_that_can_wait(const event::EventId& besides) {
  auto latest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->first.first == besides || !can_wait(at->second)) continue;
    if (latest == entries_.end() || at->second.due >= latest->second.due) latest = at;
  }
  return latest;
}

void DeliveryQueue::erase(Entries::iterator at) {
  picture_bytes_ -= picture_bytes_of(at->second.message);
  entries_.erase(at);
}

bool DeliveryQueue::make_room(std::chrono::nanoseconds wait, const event::EventId& event) {
  // What the message follows must not go for it: it would be overtaken.
  const auto latest = latest_that_can_wait(event);
  if (latest == entries_.end()) return false;
  if (wait > 0ns && latest->second.due <= clock_.now() + wait) return false;
  // Its later messages must not overtake it.
  const auto other = latest->first.first;
  for (auto at = entries_.lower_bound({other, 0}); at != entries_.end() && at->first.first == other;)
    erase(at++);
  note_elsewhere(other);
  return true;
}

std::chrono::nanoseconds DeliveryQueue::wait_of(const store::OutboxRow& row) const {
  const std::chrono::nanoseconds longest =
      row.key.sequence >= store::first_escalation ? longest_escalation : options_.longest_retry_after;
  // Wall times become distances here, so that a clock that is set later moves nothing.
  return std::clamp<std::chrono::nanoseconds>(row.next_attempt - clock_.wall(), 0ns, longest);
}

// Fetched from the outbox, or on its way from the dispatcher when the other side answered again.
bool DeliveryQueue::was_due_at_release(const store::OutboxRow& row, MonotonicTime now) const {
  return row.attempts == 0 && now - (clock_.wall() - row.next_attempt) <= released_;
}

bool DeliveryQueue::knows(const store::OutboxRow& row) const {
  if (entries_.contains({row.key.event_id, row.key.sequence})) return true;
  const auto settled = settled_.find(row.key);
  return settled != settled_.end() && settled->second >= row.resent;
}

bool DeliveryQueue::knows_event(const event::EventId& id) const {
  if (const auto held = entries_.lower_bound({id, 0}); held != entries_.end() && held->first.first == id)
    return true;
  const auto settled = settled_.lower_bound({id, "", 0});
  return settled != settled_.end() && settled->first.event_id == id;
}

void DeliveryQueue::note_elsewhere(const event::EventId& id) {
  elsewhere_.insert(id);
  // Ids sort by time: the oldest event's later messages are the first to be over.
  if (elsewhere_.size() > most_remembered) elsewhere_.erase(elsewhere_.begin());
}

void DeliveryQueue::leave_out_strangers(const std::set<std::string>& known) {
  for (auto& [place, entry] : entries_) notify::leave_out_strangers(entry.message.row, known);
}

std::optional<Outcome> DeliveryQueue::add(Message message) {
  const Place place{message.row.key.event_id, message.row.key.sequence};
  if (knows(message.row)) return std::nullopt;
  const auto now = clock_.now();
  Entry entry;
  entry.in_row = was_due_at_release(message.row, now);
  entry.due = entry.in_row ? released_ : now + wait_of(message.row);
  entry.expires = now + (message.row.expires - clock_.wall());
  entry.attempts = message.row.attempts;
  entry.escalation = is_escalation(message.row);
  // Whoever has it sent again wants it whatever was acknowledged.
  const bool withdrawn =
      entry.escalation && message.row.resent == 0 && withdrawn_.contains(message.row.key.event_id);
  picture_bytes_ += picture_bytes_of(message);
  entry.message = std::move(message);
  auto& held = entries_.emplace(place, std::move(entry)).first->second;
  if (!withdrawn) return std::nullopt;
  return settle(held, store::DeliveryState::cancelled);
}

bool DeliveryQueue::is_first_of_event(Entries::const_iterator at) const {
  return at == entries_.begin() || std::prev(at)->first.first != at->first.first;
}

DeliveryQueue::Entry* DeliveryQueue::next() {
  const auto now = clock_.now();
  // Of what is due at once, in the order of the events: their ids sort by time. Who rings now is not to wait
  // for a row of yesterday's.
  const auto rank = [](const Entry& entry) {
    return std::tuple(entry.in_row ? 1 : entry.attempts > 0 ? 2 : 0, entry.due);
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

std::optional<MonotonicTime> DeliveryQueue::next_due() const {
  std::optional<MonotonicTime> first;
  for (auto at = entries_.begin(); at != entries_.end(); ++at)
    if (is_first_of_event(at) && (!first || at->second.due < *first)) first = at->second.due;
  return first;
}

std::optional<MonotonicTime> DeliveryQueue::next_expiry() const {
  std::optional<MonotonicTime> first;
  for (const auto& [place, entry] : entries_)
    if (!first || entry.expires < *first) first = entry.expires;
  return first;
}

void DeliveryQueue::remember(const store::OutboxRow& row) {
  if (!settled_.insert_or_assign(row.key, row.resent).second) return;
  settled_order_.push_back(row.key);
  if (settled_order_.size() <= most_remembered) return;
  settled_.erase(settled_order_.front());
  settled_order_.pop_front();
}

Outcome DeliveryQueue::settle(Entry& entry, store::DeliveryState state, std::string words) {
  const auto key = entry.message.row.key;
  Outcome outcome{key, state, entry.attempts, clock_.wall(), {}};
  (state == store::DeliveryState::delivered ? outcome.receipt : outcome.error) = std::move(words);
  remember(entry.message.row);
  erase(entries_.find({key.event_id, key.sequence}));
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

Outcome DeliveryQueue::postpone(Entry& entry, std::optional<std::chrono::milliseconds> retry_after,
                                std::string error) {
  auto wait = backoff(entry.attempts);
  if (retry_after) wait = std::max(wait, std::min(*retry_after, options_.longest_retry_after));
  entry.due = clock_.now() + wait;
  entry.named = retry_after.has_value();
  entry.in_row = false;
  Outcome outcome{
      entry.message.row.key, store::DeliveryState::pending, entry.attempts, {}, clock_.wall() + wait};
  outcome.error = std::move(error);
  return outcome;
}

std::vector<Outcome> DeliveryQueue::withdraw(const event::EventId& id) {
  std::vector<Outcome> outcomes;
  for (auto at = entries_.lower_bound({id, 0}); at != entries_.end() && at->first.first == id;) {
    auto& entry = (at++)->second;
    if (entry.escalation && entry.message.row.resent == 0)
      outcomes.push_back(settle(entry, store::DeliveryState::cancelled));
  }
  withdrawn_.insert(id);
  // Ids sort by time: the oldest event's escalations are the first to be over.
  if (withdrawn_.size() > most_remembered) withdrawn_.erase(withdrawn_.begin());
  return outcomes;
}

void DeliveryQueue::release() {
  released_ = clock_.now();
  // All with one time, so that the order is that of the events: what failed before the other side was left
  // alone is older than what was not tried at all.
  for (auto& [place, entry] : entries_) {
    entry.in_row = entry.due <= released_ || (entry.attempts > 0 && !entry.named);
    if (entry.in_row) entry.due = released_;
  }
}

void DeliveryQueue::inherit(DeliveryQueue& former) {
  settled_ = std::move(former.settled_);
  settled_order_ = std::move(former.settled_order_);
  withdrawn_ = std::move(former.withdrawn_);
  elsewhere_ = std::move(former.elsewhere_);
  for (const auto& [place, entry] : former.entries_) note_elsewhere(place.first);
}

}  // namespace porchlight::notify
