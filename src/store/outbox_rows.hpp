// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/store/outbox.hpp"
#include "store/connection.hpp"

namespace porchlight::store {

// A whole row, and one whose payload stays where it is: the columns that read_rows() reads, in its order.
inline constexpr std::string_view outbox_columns =
    "event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms, created_ms, "
    "next_attempt_ms, expires_ms, attempts, state, settled_ms, receipt, error, resent";
inline constexpr std::string_view outbox_columns_for_people =
    "event_id, channel, sequence, type, label, '', picture, traceparent, happened_ms, created_ms, "
    "next_attempt_ms, expires_ms, attempts, state, settled_ms, receipt, error, resent";
// SELECT of these columns; `rest` begins with WHERE. Keep the text for as long as the connection.
std::string select_outbox(std::string_view columns, std::string_view rest);
Result<std::vector<OutboxRow>> read_rows(Statement& statement);
std::int64_t as_limit(std::size_t limit) noexcept;

// Inside the caller's transaction; a row whose key is there stays as it is.
Status insert_rows(Database::Connection& connection, std::span<const OutboxRow> rows);

}  // namespace porchlight::store
