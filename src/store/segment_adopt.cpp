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

// Where it reaches beyond the footage on both sides it becomes two; what is left of its end keeps its id, by
// which others know it.
Status trim(SegmentIndex& index, Database::Connection& connection, const Gap& gap, const Segment& segment) {
  const BootMoment end{segment.begin.boot, segment.end_at};
  const bool before = gap.begin < segment.begin;
  const bool after = !gap.end || *gap.end > end;
  if (before && after) {
    auto first = gap;
    first.end = segment.begin;
    if (auto added = index.begin_gap(first); !added) return std::move(added).error();
  }
  if (after) return set_begin(connection, gap.id, end);
  return before ? index.end_gap(gap.id, segment.begin) : remove_gap(connection, gap.id);
}

}  // namespace

Status SegmentIndex::make_way(const Segment& segment) {
  auto& connection = database_.connection();
  const auto gaps = gaps_over(connection, segment);
  if (!gaps) return gaps.error();
  for (const auto& gap : *gaps)
    if (auto status = trim(*this, connection, gap, segment); !status) return status;
  return {};
}

Result<std::int64_t> SegmentIndex::adopt(const Segment& segment) {
  auto transaction = Transaction::begin(database_.connection());
  if (!transaction) return std::move(transaction).error();
  auto id = begin(segment);
  if (!id) return id;
  if (auto status = make_way(segment); !status) return std::move(status).error();
  if (auto status = transaction->commit(); !status) return std::move(status).error();
  return id;
}

}  // namespace porchlight::store
