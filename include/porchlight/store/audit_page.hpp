// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

class Database;

// Which records are wanted; what is empty does not restrict.
struct AuditFilter {
  std::string audit_type;
  std::vector<std::string> users;  // values of `user_id`
  std::string from;                // RFC 3339 as the log writes it; `from` included, `to` not
  std::string to;
  bool empty() const noexcept { return audit_type.empty() && users.empty() && from.empty() && to.empty(); }
};

struct AuditLine {
  std::string text;       // as it lies in the file, without its newline
  bool is_record = true;  // false: damaged, no record in canonical form
};

struct AuditPage {
  std::vector<AuditLine> lines;  // the newest first
  std::string next;              // where older ones begin; empty: there are none
};

// Bounds of one page. A page ends at whichever comes first, so it may be short or empty and still
// name a `next`.
struct AuditPageLimits {
  std::size_t records = 50;
  std::size_t bytes_given = 512 << 10;
  std::size_t bytes_read = 2 << 20;
};

// One page of the log, read from its end backwards. `cursor` is empty or the `next` of another page; it
// stays good while records are appended and files rotated. Damaged lines are left out when there is a
// filter. Keeps the log's lock only while its files are listed. ErrorCode::invalid_argument: no such
// cursor.
Result<AuditPage> read_audit_page(const std::filesystem::path& folder, const AuditFilter& filter,
                                  std::string_view cursor, const AuditPageLimits& limits);

// `commitment:…`, as records have it for this personal value; empty when none is.
Result<std::string> audit_reference_to(Database& database, std::string_view value);

}  // namespace porchlight::store
