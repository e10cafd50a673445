// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"

namespace porchlight::store {

class Database;

// cancelled: withdrawn before its time, because somebody had acknowledged the event or it was over.
enum class DeliveryState : std::uint8_t { pending, delivered, failed, expired, cancelled };
std::string_view to_string(DeliveryState state) noexcept;

// Names one outbox row. It is made where the message is made, before the row is committed, so that
// the first attempt can run beside the commit; the same three values name the same row for ever.
struct RowKey {
  event::EventId event_id;
  std::string channel_id;
  std::uint32_t sequence = 0;  // 0 the message; 1 the ring's picture; 2 the ring's name
  auto operator<=>(const RowKey&) const = default;
};

// One message to one channel.
struct OutboxRow {
  RowKey key;
  std::string type;      // of the message: ring, ring_update, sighting, …
  std::string label;     // `type` of notifications_sent_total; empty: not counted (see docs/notifications.md)
  std::string payload;   // JSON object
  bool picture = false;  // the event's snapshot goes with it
  std::string traceparent;
  WallTime happened{};  // the event's own time
  WallTime created{};   // when it is due first: its age and its lifetime count from here
  WallTime next_attempt{};
  WallTime expires{};
  std::uint32_t attempts = 0;
  DeliveryState state = DeliveryState::pending;
  std::optional<WallTime> settled{};  // when it left `pending`
  std::string receipt{};              // what the other side calls it, once delivered
  std::string error{};                // the last failure, in the other side's words
  std::uint32_t resent = 0;           // how often somebody had it sent again
};

// An escalation's sequence numbers begin here, and its payload says `"escalation": true`.
inline constexpr std::uint32_t first_escalation = 100;

// Which rows are meant; what is not given does not restrict.
struct OutboxFilter {
  enum class State : std::uint8_t { dead, pending, all };  // dead: failed or expired
  State state = State::dead;
  std::optional<event::EventId> event_id{};
  std::optional<std::uint32_t> sequence{};
  std::string channel_id{};
  std::optional<WallTime> settled_by{};  // of dead ones
  std::size_t limit = 10'000;
};

// What sending again came to.
struct Resent {
  std::vector<RowKey> rows;
  std::uint64_t without_channel = 0;  // dead letters of channels that do not exist any more
  bool more = false;                  // there are more than were asked for at once
};

// The durable list of messages. Rows are inserted by EventLog in the transaction of their event;
// here they are read and settled. A row leaves `pending` once, and comes back only when somebody has a
// dead letter sent again. Thread-bound as its Database.
class Outbox {
 public:
  explicit Outbox(Database& database) : database_(database) {}

  // Pending rows of a channel: first what is due at `now`, of that what was never tried, then by the time of
  // the next attempt.
  Result<std::vector<OutboxRow>> pending(std::string_view channel_id, std::size_t limit, WallTime now);
  // Of all channels by event and sequence, oldest event first.
  Result<std::vector<OutboxRow>> pending(std::size_t limit);
  // All rows of an event on a channel, by sequence.
  Result<std::vector<OutboxRow>> of_event(const event::EventId& id, std::string_view channel_id);

  // Each commits durably. Settling a row that is already settled changes nothing, except that a withdrawn one
  // which had left nevertheless becomes delivered; a row that is not there is ErrorCode::not_found. An empty
  // `error` leaves the one that is there.
  Status mark_delivered(const RowKey& key, std::uint32_t attempts, WallTime at,
                        std::string_view receipt = {});
  Status mark_retry(const RowKey& key, std::uint32_t attempts, WallTime next_attempt,
                    std::string_view error = {});
  Status mark_failed(const RowKey& key, std::uint32_t attempts, WallTime at, std::string_view error = {});
  Status mark_expired(const RowKey& key, std::uint32_t attempts, WallTime at);
  Status mark_cancelled(const RowKey& key, std::uint32_t attempts, WallTime at);
  // Withdraws the event's escalations that are pending; durably. Returns which.
  Result<std::vector<RowKey>> cancel_escalations(const event::EventId& id, WallTime at);
  // Events with escalations that are pending, of messages of this type whose payload has this text there.
  Result<std::vector<event::EventId>> escalating(std::string_view type, std::string_view member,
                                                 std::string_view value);

  Result<std::optional<OutboxRow>> find(const RowKey& key);

  // For people: newest event first, without the payload.
  Result<std::vector<OutboxRow>> list(const OutboxFilter& which);
  // How many dead letters match, by channel; channels without one are not in it.
  Result<std::map<std::string, std::uint64_t>> dead_by_channel(const OutboxFilter& which = {});
  // Makes dead letters of these channels pending again, under the same key, due at once, with their whole
  // lifetime and no attempts; durably, all or none. At most `which.limit` of them.
  Result<Resent> resend(const OutboxFilter& which, const std::set<std::string>& channels, WallTime now);
  // Pending rows of a channel that nothing serves any more, when their time is over. Returns how many.
  Result<std::uint64_t> expire_abandoned(std::string_view channel_id, WallTime now);

  struct Depth {
    std::uint64_t pending = 0;
    // Since when the oldest pending row is due; what waits for its time is not late.
    std::optional<WallTime> oldest;
  };
  Result<Depth> depth(WallTime now);
  // Channels without a pending row are not in it.
  Result<std::map<std::string, Depth>> depth_by_channel(WallTime now);

  // Deletes settled rows whose message was made before `before`. Returns how many.
  Result<std::uint64_t> prune(WallTime before);

 private:
  Status settle(const RowKey& key, DeliveryState state, std::uint32_t attempts, WallTime at,
                std::string_view receipt, std::string_view error);
  Status expect_row(const RowKey& key);

  Database& database_;
};

}  // namespace porchlight::store
