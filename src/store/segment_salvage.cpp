// SPDX-License-Identifier: Apache-2.0
// What of a damaged index can still be read and stands in no file: who is protected, what events want, the
// ledger, and how the last run ended. A row that makes no sense is left out.
#include <functional>
#include <limits>
#include <map>

#include "porchlight/store/segment_index.hpp"
#include "store/connection.hpp"

namespace porchlight::store {
namespace {

using std::chrono::milliseconds;

// Calls `take` for each row, up to the first that cannot be read.
void read_rows(Database::Connection& damaged, std::string_view sql,
               const std::function<void(const Statement&)>& take) {
  auto select = damaged.prepare(QueryType::select, sql);
  if (!select) return;
  for (;;) {
    const auto row = select->step();
    if (!row || !*row) return;
    take(*select);
  }
}

// Boots of the damaged file by their number there, with the number they have here.
using Boots = std::map<std::int64_t, std::int64_t>;

std::optional<BootMoment> moment_of(const Boots& boots, std::int64_t boot, std::int64_t ms) {
  const auto known = boots.find(boot);
  if (known == boots.end() || ms < 0) return std::nullopt;
  return BootMoment{known->second, milliseconds(ms)};
}

std::vector<std::string> read_protected(Database::Connection& damaged) {
  std::vector<std::string> files;
  read_rows(damaged, "SELECT file FROM segments NOT INDEXED WHERE is_protected = 1",
            [&](const Statement& row) { files.push_back(row.text(0)); });
  return files;
}

std::vector<EventSpan> read_spans(Database::Connection& damaged, const Boots& boots) {
  std::vector<EventSpan> spans;
  read_rows(damaged, "SELECT event, camera, boot, begin_ms, end_boot, end_ms FROM spans",
            [&](const Statement& row) {
              const auto event = event::EventId::parse(row.text(0));
              const auto begin = moment_of(boots, row.integer(2), row.integer(3));
              const auto end = moment_of(boots, row.integer(4), row.integer(5));
              if (event && begin && end && *begin < *end)
                spans.push_back({*event, row.text(1), *begin, *end});
            });
  return spans;
}

std::vector<Gap> read_ledger(Database::Connection& damaged, const Boots& boots) {
  std::vector<Gap> gaps;
  read_rows(damaged, "SELECT camera, cause, detail, boot, begin_ms, end_boot, end_ms FROM gaps NOT INDEXED",
            [&](const Statement& row) {
              const auto cause = event::gap_cause(row.text(1));
              const auto begin = moment_of(boots, row.integer(3), row.integer(4));
              if (!cause || !begin) return;
              Gap gap;
              gap.camera_id = row.text(0);
              gap.cause = *cause;
              gap.detail = row.text(2);
              gap.begin = *begin;
              if (!row.is_null(5)) gap.end = moment_of(boots, row.integer(5), row.integer(6));
              const bool goes_on = row.is_null(5);
              if (!goes_on && (!gap.end || *gap.end <= gap.begin)) return;
              gaps.push_back(std::move(gap));
            });
  return gaps;
}

std::optional<SegmentIndex::LastRun> read_run(Database::Connection& damaged, const Boots& boots) {
  std::optional<SegmentIndex::LastRun> run;
  read_rows(damaged, "SELECT ended, boot, alive_ms FROM run NOT INDEXED", [&](const Statement& row) {
    if (const auto alive = moment_of(boots, row.integer(1), row.integer(2)))
      run = SegmentIndex::LastRun{row.integer(0) != 0, alive};
  });
  return run;
}

// Whether the ledger says something of that time already: after an error all of it is salvaged once more.
Result<bool> is_told(Database::Connection& connection, const Gap& gap) {
  auto select = connection.prepare(
      QueryType::select,
      "SELECT EXISTS (SELECT 1 FROM gaps WHERE camera = ?1 AND (?4 IS NULL OR (boot, begin_ms) < (?4, ?5)) "
      "AND (end_boot IS NULL OR (end_boot, end_ms) > (?2, ?3)))");
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(gap.camera_id)).bind(2, gap.begin.boot);
  select->bind(3, std::int64_t{gap.begin.at.count()});
  if (gap.end)
    select->bind(4, gap.end->boot).bind(5, std::int64_t{gap.end->at.count()});
  else
    select->bind_null(4).bind_null(5);
  auto row = select->step();
  if (!row) return std::move(row).error();
  return select->integer(0) != 0;
}

}  // namespace

Result<std::uint64_t> SegmentIndex::salvage(const std::filesystem::path& damaged_file) {
  Database::Connection damaged;
  damaged.file = damaged_file.string();
  const int rc = sqlite3_open_v2(damaged.file.c_str(), &damaged.handle,
                                 SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  if (rc != SQLITE_OK) return std::uint64_t{0};
  const auto here = this->boots();
  if (!here) return here.error();
  Boots boots;
  read_rows(damaged, "SELECT boot, boot_id FROM boots NOT INDEXED", [&](const Statement& row) {
    for (const auto& boot : *here)
      if (boot.id == row.text(1)) boots[row.integer(0)] = boot.number;
  });
  std::uint64_t saved = 0;
  for (const auto& file : read_protected(damaged)) {
    const auto segment = segment_of_file(file);
    if (!segment) return segment.error();
    if (!*segment) continue;
    if (auto status = protect((*segment)->id, true); !status) return std::move(status).error();
    ++saved;
  }
  for (const auto& span : read_spans(damaged, boots)) {
    if (auto status = keep_span(span); !status) return std::move(status).error();
    ++saved;
  }
  for (const auto& gap : read_ledger(damaged, boots)) {
    const auto told = is_told(database_.connection(), gap);
    if (!told) return told.error();
    if (*told) continue;
    if (auto status = save_gap(gap); !status) return std::move(status).error();
    const auto left = is_told(database_.connection(), gap);
    if (!left) return left.error();
    saved += *left ? 1 : 0;
  }
  if (const auto run = read_run(damaged, boots))
    if (auto status = run->ended ? end_run(*run->alive) : begin_run(*run->alive); !status)
      return std::move(status).error();
  return saved;
}

// The files know better: where they have footage there is no gap.
Status SegmentIndex::save_gap(const Gap& gap) {
  constexpr BootMoment forever{std::numeric_limits<std::int64_t>::max(), milliseconds(0)};
  const auto footage = segments_in(gap.camera_id, gap.begin, gap.end.value_or(forever));
  if (!footage) return footage.error();
  auto transaction = Transaction::begin(database_.connection());
  if (!transaction) return std::move(transaction).error();
  if (auto id = begin_gap(gap); !id) return std::move(id).error();
  for (const auto& segment : *footage)
    if (auto status = make_way(segment); !status) return status;
  return transaction->commit();
}

}  // namespace porchlight::store
