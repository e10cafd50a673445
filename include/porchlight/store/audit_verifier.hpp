// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/audit_key.hpp"

namespace porchlight::store {

// The kind of the first fault; docs/audit.md says what each means.
enum class AuditFault : std::uint8_t { bad_hash, broken_link, missing, reordered, truncated, malformed };
std::string_view to_string(AuditFault fault) noexcept;

// Half open: [from, to). Without `to`: to the end of the log, whose end is then held against the anchors.
struct AuditRange {
  std::uint64_t from = 0;
  std::optional<std::uint64_t> to = std::nullopt;
};

struct AuditVerdict {
  std::optional<AuditFault> fault;  // none: everything checked is good
  std::uint64_t first_bad = 0;      // with a fault: the index of the first record that is not as it was
  std::string detail;               // with a fault: for people
  std::uint64_t checked = 0;        // records that are good
  bool keyed = false;               // false: plain SHA-256, which shows accidents only
  std::string key_source;
  std::optional<AuditAnchor> anchor;  // the newest there is
  bool ok() const noexcept { return !fault; }
};

// Checks the log as it was when begin() returned, whatever is appended or rotated meanwhile.
// Thread-bound. advance() may be called in slices, so that its thread can do other things between.
class AuditVerifier {
 public:
  // `anchors` are those of the database, read before; the head file's is added. An Error means that
  // nothing can be said: a file cannot be read, or `from` lies beyond the end of a log that is whole
  // (ErrorCode::invalid_argument).
  static Result<std::unique_ptr<AuditVerifier>> begin(const std::filesystem::path& folder, AuditKey key,
                                                      std::vector<AuditAnchor> anchors,
                                                      AuditRange range = {});
  ~AuditVerifier();

  // Looks at up to `records` more. True when the verdict is final.
  Result<bool> advance(std::size_t records);
  const AuditVerdict& verdict() const noexcept { return verdict_; }

 private:
  struct State;
  explicit AuditVerifier(std::unique_ptr<State> state);
  bool fail(AuditFault fault, std::uint64_t index, std::string detail);
  Result<bool> seek();
  Result<bool> check_next();
  Result<bool> out_of_order(std::uint64_t found);
  Result<bool> end_of_log();

  std::unique_ptr<State> state_;
  AuditVerdict verdict_;
};

// All at once.
Result<AuditVerdict> verify_audit_log(const std::filesystem::path& folder, AuditKey key,
                                      std::vector<AuditAnchor> anchors, AuditRange range = {});

}  // namespace porchlight::store
