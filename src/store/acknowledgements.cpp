// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/acknowledgements.hpp"

#include "store/connection.hpp"
#include "store/event_rows.hpp"
#include "store/outbox_rows.hpp"

namespace porchlight::store {

using Kind = Acknowledgement::Kind;

Result<std::vector<Acknowledgement>> Acknowledgements::of(const event::EventId& id) {
  // A reply stands behind the acknowledgement that it made at the same time.
  auto select = database_.connection().prepare(
      QueryType::select,
      "SELECT kind, who, text, at_ms FROM acknowledgements WHERE event_id = ?1 ORDER BY at_ms, kind, who");
  if (!select) return std::move(select).error();
  const auto text = id.text();
  select->bind(1, std::string_view(text));
  std::vector<Acknowledgement> all;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return all;
    all.push_back({select->text(0) == "reply" ? Kind::reply : Kind::acknowledge, select->text(1),
                   select->text(2), select->time(3)});
  }
}

Result<std::vector<std::string>> Acknowledgements::told(const event::EventId& id) {
  auto select = database_.connection().prepare(
      QueryType::select,
      "SELECT DISTINCT channel FROM outbox WHERE event_id = ?1 AND (sequence < ?2 OR state = 'delivered') "
      "ORDER BY channel");
  if (!select) return std::move(select).error();
  const auto text = id.text();
  // An escalation whose time has not come has told nobody.
  select->bind(1, std::string_view(text)).bind(2, std::int64_t{first_escalation});
  std::vector<std::string> channels;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return channels;
    channels.push_back(select->text(0));
  }
}

Result<bool> Acknowledgements::insert(const EventAnswer& answer, Kind kind) {
  {
    auto insert = database_.connection().prepare(QueryType::insert, R"sql(
INSERT INTO acknowledgements (event_id, kind, who, at_ms, text) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING)sql");
    if (!insert) return std::move(insert).error();
    const auto id = answer.event.text();
    const bool is_reply = kind == Kind::reply;
    insert->bind(1, std::string_view(id)).bind(2, std::string_view(is_reply ? "reply" : "acknowledge"));
    insert->bind(3, std::string_view(answer.who)).bind(4, answer.at);
    insert->bind(5, is_reply ? std::string_view(answer.reply) : std::string_view());
    if (auto status = insert->run(); !status) return std::move(status).error();
  }
  return sqlite3_changes(database_.connection().handle) > 0;
}

Result<AnswerOutcome> Acknowledgements::add(const EventAnswer& answer, const Messages& messages) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error().context("answer event");
  const auto event = EventLog(database_).find(answer.event);
  if (!event) return event.error();
  if (!*event)
    return Error(ErrorCode::not_found, "answer event '" + answer.event.text() + "': it is not in the log");
  const auto before = of(answer.event);
  if (!before) return before.error();
  AnswerOutcome outcome;
  auto first = insert(answer, Kind::acknowledge);
  if (!first) return std::move(first).error().context("answer event");
  outcome.acknowledged = *first;
  if (!answer.reply.empty()) {
    auto said = insert(answer, Kind::reply);
    if (!said) return std::move(said).error().context("answer event");
    outcome.replied = *said;
  }
  auto after = of(answer.event);
  if (!after) return std::move(after).error();
  outcome.all = std::move(*after);
  if (!outcome.acknowledged && !outcome.replied) return outcome;
  const auto channels = told(answer.event);
  if (!channels) return channels.error();
  const auto rows = messages(**event, outcome, *channels, static_cast<std::uint32_t>(before->size()));
  if (auto status = insert_rows(connection, rows); !status)
    return std::move(status).error().context("answer event");
  if (auto status = number_again(connection, answer.event.text()); !status)
    return std::move(status).error().context("answer event");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("answer event");
  return outcome;
}

}  // namespace porchlight::store
