// SPDX-License-Identifier: Apache-2.0
#include "store/person_erasure.hpp"

namespace porchlight::store {
namespace {

// A row that was damaged must not stop the erasure of the others: CASE looks at it first.
constexpr std::string_view from_events = R"sql(
UPDATE events SET json = json_remove(json, '$.person')
WHERE type IN ('sighting', 'security')
  AND CASE WHEN json_valid(json) THEN json_extract(json, '$.person') = ?1 ELSE 0 END)sql";

// A server's words may quote the message.
constexpr std::string_view from_messages = R"sql(
UPDATE outbox SET payload = json_remove(payload, '$.person'), error = NULL
WHERE CASE WHEN json_valid(payload) THEN json_extract(payload, '$.person') = ?1 ELSE 0 END)sql";

}  // namespace

Status erase_from_history(Database::Connection& connection, std::string_view name) {
  for (const auto sql : {from_events, from_messages}) {
    auto update = connection.prepare(QueryType::update, sql);
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, name).run(); !status) return status;
  }
  return {};
}

}  // namespace porchlight::store
