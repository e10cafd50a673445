// SPDX-License-Identifier: Apache-2.0
// One record as bytes: the canonical form and its hash.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"
#include "porchlight/store/audit_event.hpp"

namespace porchlight::store {

class Database;

// A longer line is no record.
inline constexpr std::size_t longest_audit_line = 64 << 10;

// `prev_hash` of record 0.
std::string no_audit_hash();

// Lower-case hex of HMAC-SHA-256, or of SHA-256 when the key is empty.
std::string audit_hash(std::string_view key, std::string_view text);

// Keys sorted by their bytes, no blanks, UTF-8; what is not UTF-8 is replaced.
std::string canonical(const nlohmann::json& value);

// The record without index, prev_hash and hash. Personal values go to `database`, see AuditValue.
Result<nlohmann::json> audit_body(const AuditEntry& entry, WallTime now, Database* database);

struct Sealed {
  std::string line;  // with its newline
  std::string hash;
};
Sealed seal(nlohmann::json body, std::uint64_t index, std::string_view prev_hash, std::string_view key);

// A line of the log that is in canonical form and has what every record has.
struct ParsedRecord {
  std::uint64_t index = 0;
  std::string prev_hash;
  std::string hash;
  std::string unsealed;  // canonical form without the hash
};
std::optional<ParsedRecord> parse_audit_line(std::string_view line);

// The index of a line without parsing it; nothing when it names none.
std::optional<std::uint64_t> index_of_line(std::string_view line) noexcept;

}  // namespace porchlight::store
