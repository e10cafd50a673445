// SPDX-License-Identifier: Apache-2.0
// What of a damaged index can still be read and stands in no file: who is protected, what events want, and
// the ledger. A row that makes no sense is left out.
#include <functional>
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
  read_rows(damaged,
            "SELECT camera, cause, detail, boot, begin_ms, end_boot, end_ms FROM gaps NOT INDEXED "
            "WHERE end_boot IS NOT NULL",
            [&](const Statement& row) {
              const auto cause = event::gap_cause(row.text(1));
              const auto begin = moment_of(boots, row.integer(3), row.integer(4));
              const auto end = moment_of(boots, row.integer(5), row.integer(6));
              if (!cause || !begin || !end || *end < *begin) return;
              Gap gap;
              gap.camera_id = row.text(0);
              gap.cause = *cause;
              gap.detail = row.text(2);
              gap.begin = *begin;
              gap.end = *end;
              gaps.push_back(std::move(gap));
            });
  return gaps;
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
    const auto footage = segments_in(gap.camera_id, gap.begin, *gap.end);
    if (!footage) return footage.error();
    if (!footage->empty()) continue;  // the files know better
    if (auto id = begin_gap(gap); !id) return std::move(id).error();
    ++saved;
  }
  return saved;
}

}  // namespace porchlight::store
