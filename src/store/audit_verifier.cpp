// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_verifier.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "store/audit_files.hpp"
#include "store/audit_record.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 5s;

std::string record(std::uint64_t index) {
  return "record " + std::to_string(index);
}

}  // namespace

std::string_view to_string(AuditFault fault) noexcept {
  switch (fault) {
    case AuditFault::bad_hash:
      return "bad_hash";
    case AuditFault::broken_link:
      return "broken_link";
    case AuditFault::missing:
      return "missing";
    case AuditFault::reordered:
      return "reordered";
    case AuditFault::truncated:
      return "truncated";
    case AuditFault::malformed:
      return "malformed";
  }
  return "malformed";
}

struct AuditVerifier::State {
  AuditLines lines;
  AuditKey key;
  AuditRange range;
  std::map<std::uint64_t, AuditAnchor> anchors;
  std::uint64_t expected = 0;  // the index that the next line should have
  std::string prev_hash = no_audit_hash();
  bool seeking = false;
  std::optional<std::uint64_t> largest_seen;  // while seeking
};

AuditVerifier::AuditVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditVerifier::~AuditVerifier() = default;

Result<std::unique_ptr<AuditVerifier>> AuditVerifier::begin(const std::filesystem::path& folder, AuditKey key,
                                                            std::vector<AuditAnchor> anchors,
                                                            AuditRange range) {
  if (range.to && *range.to < range.from)
    return Error(ErrorCode::invalid_argument, "verify from " + std::to_string(range.from) + " to " +
                                                  std::to_string(*range.to) +
                                                  ": the range is half open, from ≤ to");
  const AuditPaths paths(folder);
  std::error_code failed;
  if (!std::filesystem::is_directory(folder, failed))
    return errno_error(failed ? failed.value() : ENOTDIR, "open '" + folder.string() + "'");
  auto head = AuditHead::lock(paths, AuditHead::Use::read, patience);
  if (!head && head.error().code() != ErrorCode::not_found) return std::move(head).error();
  auto known = head ? head->read() : Result<std::optional<AuditAnchor>>(std::nullopt);
  if (!known) return std::move(known).error();
  if (*known) anchors.push_back(std::move(**known));
  auto files = audit_files_now(paths);
  if (!files) return std::move(files).error();
  auto state = std::make_unique<State>(State{AuditLines(std::move(*files)),
                                             std::move(key),
                                             range,
                                             {},
                                             range.from,
                                             no_audit_hash(),
                                             range.from > 0,
                                             std::nullopt});
  for (auto& anchor : anchors) state->anchors[anchor.index] = std::move(anchor);
  auto verifier = std::unique_ptr<AuditVerifier>(new AuditVerifier(std::move(state)));
  auto& verdict = verifier->verdict_;
  verdict.keyed = !verifier->state_->key.bytes.empty();
  verdict.key_source = verifier->state_->key.source;
  if (!verifier->state_->anchors.empty()) verdict.anchor = verifier->state_->anchors.rbegin()->second;
  return verifier;
}

// Always true: the verdict is final.
bool AuditVerifier::fail(AuditFault fault, std::uint64_t index, std::string detail) {
  verdict_.fault = fault;
  verdict_.first_bad = index;
  verdict_.detail = std::move(detail);
  return true;
}

Result<bool> AuditVerifier::advance(std::size_t records) {
  for (; records > 0; --records) {
    if (verdict_.fault) return true;
    if (!state_->seeking && state_->range.to && state_->expected >= *state_->range.to) return true;
    auto done = state_->seeking ? seek() : check_next();
    if (!done || *done) return done;
  }
  return false;
}

// Looks for the record before the range: its hash is the first link.
Result<bool> AuditVerifier::seek() {
  auto& s = *state_;
  const auto before = s.range.from - 1;
  auto line = s.lines.next();
  if (!line) return std::move(line).error();
  if (!*line) {
    if (s.largest_seen && *s.largest_seen > before)
      return fail(AuditFault::missing, before, record(before) + ", to which the range links, is not there");
    const auto count = s.largest_seen ? *s.largest_seen + 1 : 0;
    if (!s.anchors.empty() && s.anchors.rbegin()->first >= count) {
      s.expected = count;
      return end_of_log();
    }
    return Error(ErrorCode::invalid_argument, "verify from " + std::to_string(s.range.from) +
                                                  ": the audit log has " + std::to_string(count) +
                                                  " records");
  }
  const auto index = index_of_line((*line)->text);
  if (!index) return false;
  s.largest_seen = std::max(s.largest_seen.value_or(0), *index);
  if (*index != before) return false;
  s.seeking = false;
  const auto parsed = parse_audit_line((*line)->text);
  if (!parsed) return fail(AuditFault::malformed, before, record(before) + " is no record");
  s.prev_hash = parsed->hash;
  return false;
}

Result<bool> AuditVerifier::check_next() {
  auto& s = *state_;
  auto line = s.lines.next();
  if (!line) return std::move(line).error();
  if (!*line) return end_of_log();
  if (!(*line)->whole)
    return fail(AuditFault::truncated, s.expected,
                "'" + (*line)->file + "' ends within " + record(s.expected));
  const auto parsed = parse_audit_line((*line)->text);
  if (!parsed)
    return fail(AuditFault::malformed, s.expected,
                "the line of '" + (*line)->file + "' that should be " + record(s.expected) + " is no record");
  if (audit_hash(s.key.bytes, parsed->unsealed) != parsed->hash) {
    std::string detail = record(s.expected) + " was changed";
    if (verdict_.checked == 0)
      detail += s.key.bytes.empty() ? ", or the log was signed with a key that is not here"
                                    : ", or the log was signed with another key than '" + s.key.source + "'";
    return fail(AuditFault::bad_hash, s.expected, detail);
  }
  if (parsed->index != s.expected) return out_of_order(parsed->index);
  if (parsed->prev_hash != s.prev_hash)
    return fail(AuditFault::broken_link, s.expected,
                record(s.expected) + " does not follow on the record before it");
  if (const auto anchor = s.anchors.find(s.expected);
      anchor != s.anchors.end() && anchor->second.hash != parsed->hash)
    return fail(AuditFault::broken_link, s.expected,
                record(s.expected) + " is another one than its anchor says (" + anchor->second.source + ")");
  s.prev_hash = parsed->hash;
  ++s.expected;
  ++verdict_.checked;
  return false;
}

// A good record in the wrong place: either the right one comes later, or it is gone.
Result<bool> AuditVerifier::out_of_order(std::uint64_t found) {
  auto& s = *state_;
  const auto detail = "where " + record(s.expected) + " should be stands " + record(found);
  if (found < s.expected) return fail(AuditFault::reordered, s.expected, detail);
  auto rest = s.lines;
  for (;;) {
    auto line = rest.next();
    if (!line) return std::move(line).error();
    if (!*line) return fail(AuditFault::missing, s.expected, detail);
    if (index_of_line((*line)->text) != s.expected) continue;
    const auto parsed = parse_audit_line((*line)->text);
    if (parsed && audit_hash(s.key.bytes, parsed->unsealed) == parsed->hash)
      return fail(AuditFault::reordered, s.expected, detail);
  }
}

Result<bool> AuditVerifier::end_of_log() {
  const auto& s = *state_;
  if (s.anchors.empty() || s.anchors.rbegin()->first < s.expected) return true;
  const auto& newest = s.anchors.rbegin()->second;
  return fail(AuditFault::truncated, s.expected,
              "the log ends with " + std::to_string(s.expected) + " records, and " + record(newest.index) +
                  " was there (" + newest.source + ")");
}

Result<AuditVerdict> verify_audit_log(const std::filesystem::path& folder, AuditKey key,
                                      std::vector<AuditAnchor> anchors, AuditRange range) {
  auto verifier = AuditVerifier::begin(folder, std::move(key), std::move(anchors), range);
  if (!verifier) return std::move(verifier).error();
  for (;;) {
    auto done = (*verifier)->advance(1024);
    if (!done) return std::move(done).error();
    if (*done) return (*verifier)->verdict();
  }
}

}  // namespace porchlight::store
