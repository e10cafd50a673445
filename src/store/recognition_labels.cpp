// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/recognition_labels.hpp"

#include <array>
#include <utility>

#include "porchlight/event/event.hpp"
#include "porchlight/store/event_log.hpp"
#include "store/connection.hpp"
#include "store/event_rows.hpp"

namespace porchlight::store {
namespace {

using Connection = Database::Connection;

constexpr std::array outcomes{std::pair{LabelOutcome::true_positive, std::string_view("true_positive")},
                              std::pair{LabelOutcome::false_positive, std::string_view("false_positive")},
                              std::pair{LabelOutcome::false_negative, std::string_view("false_negative")},
                              std::pair{LabelOutcome::true_negative, std::string_view("true_negative")}};
constexpr std::array sayings{std::pair{IdentitySaid::person, std::string_view("person")},
                             std::pair{IdentitySaid::not_person, std::string_view("not_person")},
                             std::pair{IdentitySaid::stranger, std::string_view("stranger")}};

// A ring is answered within seconds: of the sightings after it, one of the first.
constexpr std::int64_t answers_looked_at = 64;

template <class Meaning, std::size_t size>
using Words = std::array<std::pair<Meaning, std::string_view>, size>;

template <class Meaning, std::size_t size>
std::string_view word_of(const Words<Meaning, size>& words, Meaning wanted) {
  for (const auto& [meaning, word] : words)
    if (meaning == wanted) return word;
  return {};
}

template <class Meaning, std::size_t size>
std::optional<Meaning> meaning_of(const Words<Meaning, size>& words, std::string_view text) {
  for (const auto& [meaning, word] : words)
    if (word == text) return meaning;
  return std::nullopt;
}

Error nothing_to_compare(const std::string& why) {
  return {ErrorCode::unsupported, why};
}

Result<event::Sighting> sighting_of(const LoggedEvent& logged) {
  event::Header header;
  header.id = logged.id;
  header.at = logged.at;
  auto event = event::from_json(logged.json, header);
  if (!event) return Error(ErrorCode::corrupt, event.error().text());
  auto* sighting = std::get_if<event::Sighting>(&*event);
  if (sighting == nullptr) return nothing_to_compare("nobody is recognised in an event of this type");
  return std::move(*sighting);
}

Result<event::Sighting> answer_to(Connection& connection, const event::EventId& ring) {
  auto select = connection.prepare(QueryType::select, R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_type
WHERE type = 'sighting' AND id > ?1 ORDER BY id LIMIT ?2)sql");
  if (!select) return std::move(select).error();
  const auto text = ring.text();
  select->bind(1, std::string_view(text)).bind(2, answers_looked_at);
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return nothing_to_compare("nobody has been recognised at this ring");
    const auto logged = event_of(*select, 0);
    // A row that was damaged is not the answer, or no use as one.
    if (!logged) continue;
    auto sighting = sighting_of(*logged);
    if (sighting && sighting->ring_id == ring) return sighting;
  }
}

Result<event::Sighting> sighting_for(Database& database, const event::EventId& id) {
  const auto logged = EventLog(database).find(id);
  if (!logged) return logged.error();
  if (!*logged) return Error(ErrorCode::not_found, "event '" + id.text() + "' is not in the log");
  if ((*logged)->type == "ring") return answer_to(database.connection(), id);
  return sighting_of(**logged);
}

struct Named {
  std::int64_t id = 0;
  std::optional<WallTime> since;  // of the oldest photograph; nothing: there is none
};

Result<std::optional<Named>> person_called(Connection& connection, std::string_view name) {
  auto select = connection.prepare(QueryType::select, R"sql(
SELECT p.id, min(f.created_ms) FROM persons p LEFT JOIN faces f ON f.person_id = p.id
WHERE p.name = ?1 GROUP BY p.id)sql");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, name).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<Named>();
  return std::optional(
      Named{select->integer(0), select->is_null(1) ? std::nullopt : std::optional(select->time(1))});
}

// Whoever had no photograph by then could not be recognised: it was right to name nobody.
LabelOutcome outcome_of(const event::Sighting& sighting, const IdentityClaim& claim, const Named& person) {
  const bool positive = !sighting.person.empty();
  if (claim.said != IdentitySaid::person)
    return positive ? LabelOutcome::false_positive : LabelOutcome::true_negative;
  if (positive)
    return sighting.person == claim.person ? LabelOutcome::true_positive : LabelOutcome::false_positive;
  return person.since && *person.since <= sighting.header.at ? LabelOutcome::false_negative
                                                             : LabelOutcome::true_negative;
}

Status comparable(const event::Sighting& sighting, const IdentityClaim& claim) {
  const bool compared =
      sighting.verdict != event::Verdict::no_face && sighting.verdict != event::Verdict::error;
  if (!compared) return nothing_to_compare("no face was compared in this event");
  const bool names = sighting.verdict != event::Verdict::unknown_person;
  if (names && sighting.person.empty()) return nothing_to_compare("whom this event named has been forgotten");
  if (!names && claim.said == IdentitySaid::not_person)
    return nothing_to_compare("this event names nobody, so it cannot be somebody else");
  return {};
}

// An event keeps the name of its time. Whoever was renamed since is not found by it: whether the claim means
// them cannot be told, and a right sighting would count as a wrong one.
Status named_still(Connection& connection, const event::Sighting& sighting) {
  if (sighting.person.empty()) return {};
  const auto named = person_called(connection, sighting.person);
  if (!named) return named.error();
  if (!*named) return nothing_to_compare("whom this event named is not called so any more");
  return {};
}

std::optional<std::int64_t> number_in(const IdentityClaim& claim, const std::optional<Named>& person) {
  if (claim.said != IdentitySaid::person || !person) return std::nullopt;
  return person->id;
}

Status insert_label(Connection& connection, const event::Sighting& sighting, const RecognitionLabel& label,
                    std::optional<std::int64_t> person) {
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT OR REPLACE INTO recognition_labels (event_id, model_version, outcome, said, person_id, at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql");
  if (!insert) return std::move(insert).error();
  const auto id = label.event.text();
  insert->bind(1, std::string_view(id)).bind(2, std::string_view(sighting.model_version));
  insert->bind(3, word_of(outcomes, label.outcome)).bind(4, word_of(sayings, label.said));
  person ? insert->bind(5, *person) : insert->bind_null(5);
  insert->bind(6, label.at);
  auto status = insert->run();
  // What the schema refuses is no fault of who asks; that code is theirs.
  if (!status && status.error().code() == ErrorCode::invalid_argument)
    return Error(ErrorCode::internal, status.error().text());
  return status;
}

// Five columns: event_id, outcome, said, name, at_ms.
Result<RecognitionLabel> label_of(const Statement& row) {
  const auto id = event::EventId::parse(row.text(0));
  const auto outcome = meaning_of(outcomes, row.text(1));
  const auto said = meaning_of(sayings, row.text(2));
  if (!id || !outcome || !said)
    return Error(ErrorCode::corrupt, "read labels: the row of '" + row.text(0) + "' is broken");
  return RecognitionLabel{*id, *outcome, *said, row.is_null(3) ? std::string() : row.text(3), row.time(4)};
}

}  // namespace

std::string_view to_string(LabelOutcome outcome) noexcept {
  return word_of(outcomes, outcome);
}

Result<RecognitionLabel> RecognitionLabels::put(const IdentityClaim& claim) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error().context("label event");
  const auto sighting = sighting_for(database_, claim.event);
  if (!sighting) return sighting.error();
  if (auto status = comparable(*sighting, claim); !status) return std::move(status).error();
  if (auto status = named_still(connection, *sighting); !status) return std::move(status).error();
  std::optional<Named> person;
  if (claim.said == IdentitySaid::person) {
    auto found = person_called(connection, claim.person);
    if (!found) return std::move(found).error().context("label event");
    if (!*found) return Error(ErrorCode::invalid_argument, "nobody of that name is enrolled");
    person = *found;
  }
  const RecognitionLabel label{sighting->header.id, outcome_of(*sighting, claim, person.value_or(Named{})),
                               claim.said, person ? claim.person : std::string(), claim.at};
  if (auto status = insert_label(connection, *sighting, label, number_in(claim, person)); !status)
    return std::move(status).error().context("label event");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("label event");
  return label;
}

Result<std::optional<RecognitionLabel>> RecognitionLabels::of(const event::EventId& sighting) {
  auto found = between(sighting, sighting);
  if (!found) return std::move(found).error();
  if (found->empty()) return std::optional<RecognitionLabel>();
  return std::optional(std::move(found->begin()->second));
}

Result<std::map<event::EventId, RecognitionLabel>> RecognitionLabels::between(const event::EventId& first,
                                                                              const event::EventId& last) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT l.event_id, l.outcome, l.said, p.name, l.at_ms
FROM recognition_labels l LEFT JOIN persons p ON p.id = l.person_id
WHERE l.event_id >= ?1 AND l.event_id <= ?2)sql");
  if (!select) return std::move(select).error();
  const auto from = first.text();
  const auto to = last.text();
  select->bind(1, std::string_view(from)).bind(2, std::string_view(to));
  std::map<event::EventId, RecognitionLabel> labels;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return labels;
    auto label = label_of(*select);
    if (!label) return std::move(label).error();
    labels.emplace(label->event, std::move(*label));
  }
}

Result<LabelTally> RecognitionLabels::window(std::string_view model_version, std::size_t most) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT outcome, count(*) FROM (SELECT outcome FROM recognition_labels
WHERE model_version = ?1 ORDER BY event_id DESC LIMIT ?2) GROUP BY outcome)sql");
  if (!select) return std::move(select).error();
  select->bind(1, model_version).bind(2, static_cast<std::int64_t>(most));
  LabelTally tally;
  const std::array counts{&tally.true_positive, &tally.false_positive, &tally.false_negative,
                          &tally.true_negative};  // in the order of `outcomes`
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return tally;
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (select->text(0) == outcomes[i].second) *counts[i] = static_cast<std::uint64_t>(select->integer(1));
  }
}

}  // namespace porchlight::store
