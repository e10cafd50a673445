// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"

namespace porchlight::store {

class Database;

enum class DeliveryState : std::uint8_t { pending, delivered, failed, expired };
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
  WallTime created{};
  WallTime next_attempt{};
  WallTime expires{};
  std::uint32_t attempts = 0;
  DeliveryState state = DeliveryState::pending;
};

// The durable list of messages. Rows are inserted by EventLog in the transaction of their event;
// here they are read and settled. A row leaves `pending` once and never comes back. Thread-bound as
// its Database.
class Outbox {
 public:
  explicit Outbox(Database& database) : database_(database) {}

  // Pending rows by event and sequence, oldest event first; of one channel, or of all.
  Result<std::vector<OutboxRow>> pending(std::string_view channel_id, std::size_t limit);
  Result<std::vector<OutboxRow>> pending(std::size_t limit);

  // Each commits durably. Settling a row that is already settled changes nothing; a row that is not
  // there is ErrorCode::not_found.
  Status mark_delivered(const RowKey& key, std::uint32_t attempts, WallTime at);
  Status mark_retry(const RowKey& key, std::uint32_t attempts, WallTime next_attempt);
  Status mark_failed(const RowKey& key, std::uint32_t attempts, WallTime at);
  Status mark_expired(const RowKey& key, std::uint32_t attempts, WallTime at);

  Result<std::optional<OutboxRow>> find(const RowKey& key);

  struct Depth {
    std::uint64_t pending = 0;
    std::optional<WallTime> oldest;  // when the oldest pending row was created
  };
  Result<Depth> depth();
  // Channels without a pending row are not in it.
  Result<std::map<std::string, Depth>> depth_by_channel();

  // Deletes settled rows whose message was made before `before`. Returns how many.
  Result<std::uint64_t> prune(WallTime before);

 private:
  Status settle(const RowKey& key, DeliveryState state, std::uint32_t attempts, WallTime at);
  Status expect_row(const RowKey& key);

  Database& database_;
};

}  // namespace porchlight::store
