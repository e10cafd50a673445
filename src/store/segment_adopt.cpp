// SPDX-License-Identifier: Apache-2.0
// Footage of which the index did not know comes to light: the ledger gives way.
#include "porchlight/store/segment_index.hpp"
#include "store/segment_rows.hpp"

namespace porchlight::store {
namespace {

Result<std::vector<Gap>> gaps_over(Database::Connection& connection, const Segment& segment) {
  if (segment.end_at <= segment.begin.at) return std::vector<Gap>();
  static const auto sql = select_gaps(
      "WHERE g.camera = ?1 AND (g.boot, g.begin_ms) < (?2, ?4) "
      "AND (g.end_boot IS NULL OR (g.end_boot, g.end_ms) > (?2, ?3)) ORDER BY g.id");
  auto select = connection.prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(segment.camera_id)).bind(2, segment.begin.boot);
  select->bind(3, std::int64_t{segment.begin.at.count()}).bind(4, std::int64_t{segment.end_at.count()});
  return read_gaps(*select);
}

Status set_begin(Database::Connection& connection, std::int64_t id, const BootMoment& begin) {
  auto update =
      connection.prepare(QueryType::update, "UPDATE gaps SET boot = ?2, begin_ms = ?3 WHERE id = ?1");
  if (!update) return std::move(update).error();
  return update->bind(1, id).bind(2, begin.boot).bind(3, std::int64_t{begin.at.count()}).run();
}

Status remove_gap(Database::Connection& connection, std::int64_t id) {
  auto remove = connection.prepare(QueryType::remove, "DELETE FROM gaps WHERE id = ?1");
  if (!remove) return std::move(remove).error();
  return remove->bind(1, id).run();
}

}  // namespace

Result<std::int64_t> SegmentIndex::adopt(const Segment& segment) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  auto id = begin(segment);
  if (!id) return id;
  const BootMoment end{segment.begin.boot, segment.end_at};
  auto gaps = gaps_over(connection, segment);
  if (!gaps) return std::move(gaps).error();
  for (auto& gap : *gaps) {
    const bool before = gap.begin < segment.begin;
    const bool after = !gap.end || *gap.end > end;
    Status status;
    if (before && after) {
      auto first = gap;
      first.end = segment.begin;
      if (auto added = begin_gap(first); !added) return std::move(added).error();
    }
    if (after)
      status = set_begin(connection, gap.id, end);
    else
      status = before ? end_gap(gap.id, segment.begin) : remove_gap(connection, gap.id);
    if (!status) return std::move(status).error();
  }
  if (auto status = transaction->commit(); !status) return std::move(status).error();
  return id;
}

}  // namespace porchlight::store
