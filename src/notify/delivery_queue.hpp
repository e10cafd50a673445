// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/notify/channel_lane.hpp"

namespace porchlight::notify {

inline std::size_t picture_bytes_of(const Message& message) noexcept {
  return (message.picture ? message.picture->size() : 0) + (message.clip ? message.clip->size() : 0);
}

// What one lane holds for a (further) attempt, and when each is due. No thread, no network.
class DeliveryQueue {
 public:
  struct Entry {
    Message message;
    std::uint32_t attempts = 0;
    MonotonicTime due{};
    MonotonicTime expires{};
    std::optional<MonotonicTime> first_attempt;  // in this process
    bool escalation = false;
    bool named = false;   // the other side named the time when it is due
    bool in_row = false;  // waited when the other side answered again, and has not been tried since
  };

  DeliveryQueue(const LaneOptions& options, const Clock& clock);

  // Takes the message over; one that is held already, or was settled a short while ago, is ignored. An
  // escalation that was withdrawn before it came is settled at once.
  std::optional<Outcome> add(Message message);
  // Held, or settled a short while ago and not sent again since.
  bool knows(const store::OutboxRow& row) const;
  // A message of the event is held, or was settled a short while ago.
  bool knows_event(const event::EventId& id) const;
  // A message of the event is in the outbox and not here: what follows it must come from there, too.
  void note_elsewhere(const event::EventId& id);
  bool is_elsewhere(const event::EventId& id) const { return elsewhere_.contains(id); }
  // Whoever is not among `known` is not named in what is held.
  void leave_out_strangers(const std::set<std::string>& known);

  bool has_room() const noexcept;
  std::size_t size() const noexcept { return entries_.size(); }
  // Something is held that can wait elsewhere: it was tried before, or its time has not come.
  bool can_make_room() const;
  // Makes room for a message of `event` that is due in `wait`, by forgetting that other event which is due
  // last, with all that is held of it: the outbox has it. False when nothing that can wait is due later than
  // that.
  bool make_room(std::chrono::nanoseconds wait, const event::EventId& event);
  // Until the row may be attempted.
  std::chrono::nanoseconds wait_of(const store::OutboxRow& row) const;

  // What to attempt now: due, first of its event; what has come since the release before what had waited by
  // then, which goes in the order of its events, and that before repeats. Null: nothing.
  Entry* next();
  // One whose time is over. Null: nothing.
  Entry* next_expired();
  // When next() or next_expired() may have something; nothing when empty.
  std::optional<MonotonicTime> next_due() const;
  std::optional<MonotonicTime> next_expiry() const;

  // Both end or renew the entry's wait and say what the outbox is to note. `words` are the receipt of what
  // was delivered, the failure of what was not.
  Outcome settle(Entry& entry, store::DeliveryState state, std::string words = {});
  Outcome postpone(Entry& entry, std::optional<std::chrono::milliseconds> retry_after,
                   std::string error = {});
  // Drops the event's escalations, now and when they come later.
  std::vector<Outcome> withdraw(const event::EventId& id);
  // The other side answers again: what waits only because it had failed is due now, in one row with what was
  // not tried meanwhile. What was not tried and was due by then joins the row, when it comes later, too. A
  // new queue begins as after a release.
  void release();
  // What a former lane of the channel remembers; what that one holds is elsewhere.
  void inherit(DeliveryQueue& former);

 private:
  using Place = std::pair<event::EventId, std::uint32_t>;
  using Entries = std::map<Place, Entry>;
  bool is_first_of_event(Entries::const_iterator at) const;
  bool can_wait(const Entry& entry) const;
  bool was_due_at_release(const store::OutboxRow& row, MonotonicTime now) const;
  Entries::iterator latest_that_can_wait(const event::EventId& besides);
  void erase(Entries::iterator at);
  std::chrono::milliseconds backoff(std::uint32_t attempts);
  void remember(const store::OutboxRow& row);

  // const after construction
  const LaneOptions options_;
  const Clock& clock_;
  // lane thread
  MonotonicTime released_;  // last
  Entries entries_;
  std::size_t picture_bytes_ = 0;                   // of the entries
  std::map<store::RowKey, std::uint32_t> settled_;  // and how often it had been sent again by then
  std::deque<store::RowKey> settled_order_;
  std::set<event::EventId> withdrawn_;
  std::set<event::EventId> elsewhere_;
  std::minstd_rand random_;
};

}  // namespace porchlight::notify
