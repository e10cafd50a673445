// SPDX-License-Identifier: Apache-2.0
// One number per boot: the believed time of its zero.
#include <algorithm>
#include <limits>

#include "porchlight/store/segment_index.hpp"
#include "store/segment_rows.hpp"

namespace porchlight::store {
namespace {

struct BootRow {
  std::int64_t number = 0;
  std::string id;
  std::optional<std::int64_t> believed_ms;
  std::optional<std::int64_t> zero_ms;
};

Result<std::vector<BootRow>> read_boots(Database::Connection& connection) {
  auto select = connection.prepare(QueryType::select,
                                   "SELECT boot, boot_id, believed_ms, zero_ms FROM boots ORDER BY boot");
  if (!select) return std::move(select).error();
  std::vector<BootRow> rows;
  for (;;) {
    auto more = select->step();
    if (!more) return std::move(more).error();
    if (!*more) return rows;
    BootRow row{select->integer(0), select->text(1), {}, {}};
    if (!select->is_null(2)) row.believed_ms = select->integer(2);
    if (!select->is_null(3)) row.zero_ms = select->integer(3);
    rows.push_back(std::move(row));
  }
}

// The last instant of a boot of which there is a row.
Result<std::int64_t> last_of(Database::Connection& connection, std::int64_t boot) {
  auto select = connection.prepare(QueryType::select, R"sql(
SELECT max(ms) FROM (SELECT max(end_ms) AS ms FROM segments WHERE boot = ?1
                     UNION ALL SELECT max(begin_ms) FROM gaps WHERE boot = ?1
                     UNION ALL SELECT max(end_ms) FROM gaps WHERE end_boot = ?1))sql");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, boot).step();
  if (!row) return std::move(row).error();
  return select->is_null(0) ? 0 : std::max<std::int64_t>(0, select->integer(0));
}

Status write_zero(Database::Connection& connection, std::int64_t boot, std::int64_t zero_ms) {
  auto update = connection.prepare(QueryType::update, "UPDATE boots SET zero_ms = ?2 WHERE boot = ?1");
  if (!update) return std::move(update).error();
  return update->bind(1, boot).bind(2, zero_ms).run();
}

Status renumber(Database::Connection& connection, std::int64_t from, std::int64_t to) {
  for (const std::string_view sql :
       {"UPDATE boots SET boot = ?2 WHERE boot = ?1", "UPDATE segments SET boot = ?2 WHERE boot = ?1",
        "UPDATE gaps SET boot = ?2 WHERE boot = ?1", "UPDATE spans SET boot = ?2 WHERE boot = ?1",
        "UPDATE spans SET end_boot = ?2 WHERE end_boot = ?1", "UPDATE run SET boot = ?2 WHERE boot = ?1"}) {
    auto update = connection.prepare(QueryType::update, sql);
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, from).bind(2, to).run(); !status) return status;
  }
  return {};
}

// A gap's ends change together: the table wants them in order.
Status renumber_gap_ends(Database::Connection& connection, std::int64_t from, std::int64_t to) {
  auto update = connection.prepare(QueryType::update, "UPDATE gaps SET end_boot = ?2 WHERE end_boot = ?1");
  if (!update) return std::move(update).error();
  return update->bind(1, from).bind(2, to).run();
}

// By their zeros as they are in effect: those stand in the boots' order, whatever the clock said.
std::vector<BootRow> in_order(std::vector<BootRow> boots, const std::string& last) {
  std::vector<std::pair<std::int64_t, BootRow>> keyed;
  auto key = std::numeric_limits<std::int64_t>::min();
  for (auto& boot : boots) {
    if (boot.id == last)
      key = std::numeric_limits<std::int64_t>::max();
    else if (boot.zero_ms)
      key = *boot.zero_ms;
    else if (key == std::numeric_limits<std::int64_t>::max())
      key = std::numeric_limits<std::int64_t>::min();
    keyed.emplace_back(key, std::move(boot));
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<BootRow> ordered;
  for (auto& [ignored, boot] : keyed) ordered.push_back(std::move(boot));
  return ordered;
}

}  // namespace

// Each boot was over before the next one began. What the clock said of it stays, so that a clock that was
// wrong for a while moves nothing for ever.
Status move_zeros(Database::Connection& connection) {
  const auto boots = read_boots(connection);
  if (!boots) return boots.error();
  std::optional<std::int64_t> next;
  for (auto boot = boots->rbegin(); boot != boots->rend(); ++boot) {
    if (!boot->believed_ms) continue;
    auto zero = *boot->believed_ms;
    if (next) {
      const auto last = last_of(connection, boot->number);
      if (!last) return last.error();
      zero = std::min(zero, *next - *last);
    }
    if (boot->zero_ms != zero)
      if (auto status = write_zero(connection, boot->number, zero); !status) return status;
    next = zero;
  }
  return {};
}

Result<std::int64_t> SegmentIndex::boot(const std::string& boot_id) {
  return adopt_boot(boot_id, {});
}

Result<std::int64_t> SegmentIndex::adopt_boot(const std::string& boot_id,
                                              const std::optional<WallTime>& zero) {
  auto& connection = database_.connection();
  {
    auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO boots (boot_id, believed_ms, zero_ms) VALUES (?1, ?2, ?2)
ON CONFLICT (boot_id) DO UPDATE SET believed_ms = ?2, zero_ms = ?2 WHERE believed_ms IS NULL AND ?2 IS NOT NULL)sql");
    if (!insert) return std::move(insert).error();
    insert->bind(1, std::string_view(boot_id));
    if (zero)
      insert->bind(2, *zero);
    else
      insert->bind_null(2);
    if (auto status = insert->run(); !status) return std::move(status).error();
  }
  auto select = connection.prepare(QueryType::select, "SELECT boot FROM boots WHERE boot_id = ?1");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, std::string_view(boot_id)).step();
  if (!row) return std::move(row).error();
  if (!*row) return Error(ErrorCode::internal, "number boot '" + boot_id + "': it got no row");
  return select->integer(0);
}

Result<std::vector<SegmentIndex::Boot>> SegmentIndex::boots() {
  const auto rows = read_boots(database_.connection());
  if (!rows) return rows.error();
  std::vector<Boot> boots;
  for (const auto& row : *rows) {
    Boot boot{row.number, row.id, {}};
    if (row.zero_ms) boot.zero = from_unix_ms(*row.zero_ms);
    boots.push_back(std::move(boot));
  }
  return boots;
}

Status SegmentIndex::settle(std::int64_t boot, WallTime zero) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  {
    auto update = connection.prepare(QueryType::update, "UPDATE boots SET believed_ms = ?2 WHERE boot = ?1");
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, boot).bind(2, zero).run(); !status) return status;
    if (sqlite3_changes(connection.handle) == 0)
      return Error(ErrorCode::not_found,
                   "settle boot " + std::to_string(boot) + ": the index has no such row");
  }
  if (auto status = move_zeros(connection); !status) return status;
  return transaction->commit();
}

Status SegmentIndex::order_boots(const std::string& last) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  auto boots = read_boots(connection);
  if (!boots) return std::move(boots).error();
  const auto highest = boots->empty() ? 0 : boots->back().number;
  auto ordered = in_order(std::move(*boots), last);
  // First beyond all numbers there are, then back; a gap's end before its begin on the way up, after it on
  // the way down, so that no row is ever the wrong way round.
  const auto far = highest + static_cast<std::int64_t>(ordered.size()) + 1;
  std::int64_t place = 0;
  for (const auto& boot : ordered) {
    ++place;
    if (auto status = renumber_gap_ends(connection, boot.number, 2 * far + place); !status) return status;
  }
  place = 0;
  for (const auto& boot : ordered) {
    ++place;
    if (auto status = renumber(connection, boot.number, far + place); !status) return status;
  }
  place = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    ++place;
    if (auto status = renumber(connection, far + place, place); !status) return status;
  }
  place = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    ++place;
    if (auto status = renumber_gap_ends(connection, 2 * far + place, place); !status) return status;
  }
  if (auto status = move_zeros(connection); !status) return status;
  return transaction->commit();
}

}  // namespace porchlight::store
