// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "porchlight/base/clock.hpp"
#include "porchlight/notify/channel_lane.hpp"

namespace porchlight::notify {

// What one lane holds for a (further) attempt, and when each is due. No thread, no network.
class DeliveryQueue {
 public:
  struct Entry {
    Message message;
    std::uint32_t attempts = 0;
    MonotonicTime due{};
    MonotonicTime expires{};
    std::optional<MonotonicTime> first_attempt;  // in this process
    std::uint64_t arrival = 0;
  };

  DeliveryQueue(const LaneOptions& options, const Clock& clock);

  // Takes the message over; one that is held already, or was settled a short while ago, is ignored.
  void add(Message message);
  bool has_room() const noexcept { return entries_.size() < options_.most_waiting; }
  std::size_t size() const noexcept { return entries_.size(); }
  // Makes room for a fresh message by forgetting the repeat that is due last: the outbox has it.
  // False when nothing held was tried before.
  bool give_up_latest_repeat();

  // What to attempt now: due, first of its event, first attempts before repeats. Null: nothing.
  Entry* next();
  // One whose time is over. Null: nothing.
  Entry* next_expired();
  // Until next() or next_expired() may have something; nothing when empty.
  std::optional<std::chrono::nanoseconds> until_next() const;

  // Both end or renew the entry's wait and say what the outbox is to note.
  Outcome settle(Entry& entry, store::DeliveryState state);
  Outcome postpone(Entry& entry, std::optional<std::chrono::milliseconds> retry_after);

 private:
  using Place = std::pair<event::EventId, std::uint32_t>;
  bool is_first_of_event(std::map<Place, Entry>::const_iterator at) const;
  std::chrono::milliseconds backoff(std::uint32_t attempts);
  void remember(const store::RowKey& key);

  // const after construction
  const LaneOptions options_;
  const Clock& clock_;
  // lane thread
  std::map<Place, Entry> entries_;
  std::set<store::RowKey> settled_;
  std::deque<store::RowKey> settled_order_;
  std::minstd_rand random_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace porchlight::notify
