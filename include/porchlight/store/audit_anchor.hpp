// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::store {

class Database;

// "Record `index` existed and had this hash", kept outside the audit log.
struct AuditAnchor {
  std::uint64_t index = 0;
  std::string hash;
  std::string source;  // `database`, `audit.head` or `command line`
};

// The anchors in the database, oldest first. Thread-bound as it.
Result<std::vector<AuditAnchor>> read_audit_anchors(Database& database);
// A later anchor of the same record changes nothing.
Status write_audit_anchor(Database& database, const AuditAnchor& anchor, WallTime at,
                          std::string_view reason);

// Removes the value that the log's records are committed to, everywhere it is kept. The chain stays
// verifiable; the commitment in it can then be tied to no value any more, not even by guessing.
// Returns whether there was one. ErrorCode::unavailable: as GalleryStore::forget.
Result<bool> erase_audit_value(Database& database, std::string_view value);
// The value behind a commitment, nothing when it was erased.
Result<std::string> read_audit_value(Database& database, std::string_view commitment);

}  // namespace porchlight::store
