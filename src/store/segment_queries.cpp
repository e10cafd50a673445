// SPDX-License-Identifier: Apache-2.0
// What those who look at the footage ask of its index.
#include <array>

#include "porchlight/store/segment_index.hpp"
#include "store/outbox_rows.hpp"
#include "store/segment_rows.hpp"

namespace porchlight::store {
namespace {

using std::chrono::milliseconds;

WallTime wall_of(std::int64_t zero_ms, std::int64_t at_ms) {
  return from_unix_ms(zero_ms + at_ms);
}

// Segments last minutes; this much before an interval nothing begins that reaches into it. Lets the index on
// the begins be used.
constexpr std::string_view longest_segment_ms = "86400000";

// Boots in their order and in each the rows in theirs: the order of time, and each is found by an index. A
// filter with times matches only what has some.
std::string segments_sql(bool of_camera, bool oldest_first) {
  const std::string direction = oldest_first ? " ASC" : " DESC";
  const std::string beyond = oldest_first ? ">" : "<";
  return "SELECT " + std::string(segment_columns) +
         " FROM boots b CROSS JOIN segments s ON s.boot = b.boot WHERE " +
         (of_camera ? "s.camera = ?1" : "?1 = ''") +
         " AND (b.zero_ms IS NOT NULL OR (?2 IS NULL AND ?3 IS NULL))"
         " AND s.begin_ms < coalesce(?3 - b.zero_ms, 9000000000000000000)"
         " AND s.begin_ms > coalesce(?2 - b.zero_ms, -9000000000000000000) - " +
         std::string(longest_segment_ms) +
         " AND s.end_ms > coalesce(?2 - b.zero_ms, -9000000000000000000)"
         " AND (?4 = 0 OR coalesce((b.boot, s.begin_ms, s.id) " +
         beyond + " (SELECT a.boot, a.begin_ms, a.id FROM segments a WHERE a.id = ?4), s.id " + beyond +
         " ?4)) ORDER BY b.boot" + direction + ", s.begin_ms" + direction + ", s.id" + direction +
         " LIMIT ?5";
}

// One that goes on, or ends in a boot whose clock is not believed yet, reaches into every later interval.
std::string gaps_sql(bool of_camera, bool oldest_first) {
  const std::string direction = oldest_first ? " ASC" : " DESC";
  const std::string beyond = oldest_first ? ">" : "<";
  return "SELECT " + std::string(gap_columns) +
         " FROM boots b CROSS JOIN gaps g ON g.boot = b.boot LEFT JOIN boots e ON e.boot = g.end_boot "
         "WHERE " +
         (of_camera ? "g.camera = ?1" : "?1 = ''") +
         " AND (b.zero_ms IS NOT NULL OR (?2 IS NULL AND ?3 IS NULL))"
         " AND g.begin_ms < coalesce(?3 - b.zero_ms, 9000000000000000000)"
         " AND (?2 IS NULL OR e.zero_ms IS NULL OR e.zero_ms + g.end_ms > ?2)"
         " AND (?4 = 0 OR coalesce((b.boot, g.begin_ms, g.id) " +
         beyond + " (SELECT a.boot, a.begin_ms, a.id FROM gaps a WHERE a.id = ?4), g.id " + beyond +
         " ?4)) ORDER BY b.boot" + direction + ", g.begin_ms" + direction + ", g.id" + direction +
         " LIMIT ?5";
}

using Variants = std::array<std::string, 4>;

Variants variants(std::string (*sql)(bool, bool)) {
  return {sql(false, false), sql(false, true), sql(true, false), sql(true, true)};
}

const std::string& chosen(const Variants& all, const FootageFilter& filter) {
  return all.at((filter.camera_id.empty() ? 0U : 2U) + (filter.oldest_first ? 1U : 0U));
}

void bind_time(Statement& statement, int at, const std::optional<WallTime>& time) {
  if (time)
    statement.bind(at, *time);
  else
    statement.bind_null(at);
}

void bind_filter(Statement& statement, const FootageFilter& filter) {
  statement.bind(1, std::string_view(filter.camera_id));
  bind_time(statement, 2, filter.from);
  bind_time(statement, 3, filter.to);
  statement.bind(4, filter.before_id).bind(5, as_limit(filter.limit));
}

template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> rows) {
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<T>();
  return std::optional<T>(std::move(rows->front()));
}

}  // namespace

Result<Segment> segment_of(const Statement& row) {
  Segment segment;
  segment.id = row.integer(0);
  segment.camera_id = row.text(1);
  segment.file = row.text(2);
  segment.state = static_cast<SegmentState>(row.integer(3));
  segment.begin = {row.integer(4), milliseconds(row.integer(5))};
  segment.end_at = milliseconds(row.integer(6));
  if (!row.is_null(7)) {
    segment.start = wall_of(row.integer(7), row.integer(5));
    segment.end = wall_of(row.integer(7), row.integer(6));
  }
  segment.bytes = static_cast<std::uint64_t>(row.integer(8));
  segment.frames = static_cast<std::uint64_t>(row.integer(9));
  segment.crc = static_cast<std::uint32_t>(row.integer(10));
  segment.codec = row.text(11);
  segment.audio_codec = row.text(12);
  segment.width = static_cast<int>(row.integer(13));
  segment.height = static_cast<int>(row.integer(14));
  segment.is_protected = row.integer(15) != 0;
  return segment;
}

Result<Gap> gap_of(const Statement& row) {
  Gap gap;
  gap.id = row.integer(0);
  gap.camera_id = row.text(1);
  const auto cause = event::gap_cause(row.text(2));
  if (!cause)
    return Error(ErrorCode::corrupt, "read ledger: row has the unknown cause '" + row.text(2) + "'");
  gap.cause = *cause;
  gap.detail = row.text(3);
  gap.begin = {row.integer(4), milliseconds(row.integer(5))};
  if (!row.is_null(8)) gap.start = wall_of(row.integer(8), row.integer(5));
  if (row.is_null(6)) return gap;
  gap.end = BootMoment{row.integer(6), milliseconds(row.integer(7))};
  if (!row.is_null(9)) gap.stop = wall_of(row.integer(9), row.integer(7));
  return gap;
}

Result<std::vector<Segment>> read_segments(Statement& select) {
  std::vector<Segment> rows;
  for (;;) {
    auto more = select.step();
    if (!more) return std::move(more).error();
    if (!*more) return rows;
    auto row = segment_of(select);
    if (!row) return std::move(row).error();
    rows.push_back(std::move(*row));
  }
}

Result<std::vector<Gap>> read_gaps(Statement& select) {
  std::vector<Gap> rows;
  for (;;) {
    auto more = select.step();
    if (!more) return std::move(more).error();
    if (!*more) return rows;
    auto row = gap_of(select);
    if (!row) return std::move(row).error();
    rows.push_back(std::move(*row));
  }
}

Result<std::optional<Segment>> SegmentIndex::segment(std::int64_t id) {
  static const auto sql = select_segments("WHERE s.id = ?1");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, id);
  return first_of(read_segments(*select));
}

Result<std::optional<Segment>> SegmentIndex::segment_of_file(const std::string& file) {
  static const auto sql = select_segments("WHERE s.file = ?1");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(file));
  return first_of(read_segments(*select));
}

Result<std::optional<Gap>> SegmentIndex::gap(std::int64_t id) {
  static const auto sql = select_gaps("WHERE g.id = ?1");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, id);
  return first_of(read_gaps(*select));
}

Result<std::vector<Segment>> SegmentIndex::segments(const FootageFilter& filter) {
  static const auto all = variants(segments_sql);
  auto select = database_.connection().prepare(QueryType::select, chosen(all, filter));
  if (!select) return std::move(select).error();
  bind_filter(*select, filter);
  return read_segments(*select);
}

Result<std::vector<Gap>> SegmentIndex::gaps(const FootageFilter& filter) {
  static const auto all = variants(gaps_sql);
  auto select = database_.connection().prepare(QueryType::select, chosen(all, filter));
  if (!select) return std::move(select).error();
  bind_filter(*select, filter);
  return read_gaps(*select);
}

Result<std::vector<Segment>> SegmentIndex::segments_in(const std::string& camera_id, const BootMoment& begin,
                                                       const BootMoment& end) {
  static const auto sql = select_segments(
      "WHERE s.camera = ?1 AND s.boot BETWEEN ?2 AND ?4 AND (s.boot, s.begin_ms) < (?4, ?5) "
      "AND (s.boot, s.end_ms) > (?2, ?3) ORDER BY s.boot, s.begin_ms, s.id");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(camera_id)).bind(2, begin.boot).bind(3, std::int64_t{begin.at.count()});
  select->bind(4, end.boot).bind(5, std::int64_t{end.at.count()});
  return read_segments(*select);
}

// The times of the filter are those of the boot in which a span begins.
Result<std::vector<EventSpan>> SegmentIndex::spans(const FootageFilter& filter) {
  static const std::string sql = R"sql(
SELECT p.event, p.camera, p.boot, p.begin_ms, p.end_boot, p.end_ms
FROM spans p LEFT JOIN boots b ON b.boot = p.boot LEFT JOIN boots e ON e.boot = p.end_boot
WHERE (?1 = '' OR p.camera = ?1)
  AND (?2 IS NULL OR e.zero_ms + p.end_ms > ?2) AND (?3 IS NULL OR b.zero_ms + p.begin_ms < ?3)
ORDER BY p.boot DESC, p.begin_ms DESC, p.event DESC LIMIT ?5)sql";
  static const std::string oldest_first = R"sql(
SELECT p.event, p.camera, p.boot, p.begin_ms, p.end_boot, p.end_ms
FROM spans p LEFT JOIN boots b ON b.boot = p.boot LEFT JOIN boots e ON e.boot = p.end_boot
WHERE (?1 = '' OR p.camera = ?1)
  AND (?2 IS NULL OR e.zero_ms + p.end_ms > ?2) AND (?3 IS NULL OR b.zero_ms + p.begin_ms < ?3)
ORDER BY p.boot, p.begin_ms, p.event LIMIT ?5)sql";
  auto select = database_.connection().prepare(QueryType::select, filter.oldest_first ? oldest_first : sql);
  if (!select) return std::move(select).error();
  bind_filter(*select, filter);
  std::vector<EventSpan> spans;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return spans;
    const auto id = event::EventId::parse(select->text(0));
    if (!id)
      return Error(ErrorCode::corrupt, "read spans: row has the broken event id '" + select->text(0) + "'");
    spans.push_back({*id, select->text(1), BootMoment{select->integer(2), milliseconds(select->integer(3))},
                     BootMoment{select->integer(4), milliseconds(select->integer(5))}});
  }
}

}  // namespace porchlight::store
