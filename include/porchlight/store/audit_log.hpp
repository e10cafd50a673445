// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/store/audit_event.hpp"
#include "porchlight/store/audit_key.hpp"

namespace porchlight::store {

class Database;

enum class Durability : std::uint8_t {
  buffered,  // written; durable with the next flush()
  synced     // on the medium when append() returns success
};

struct AuditOptions {
  std::filesystem::path folder;                // storage.path; the log lies in `audit/` under it
  std::uint64_t file_limit = 16 << 20;         // a file that would grow beyond is rotated
  std::chrono::milliseconds patience{2'000};   // for another process that is appending
  std::optional<AuditKey> key = std::nullopt;  // else found, or made for a log without records
};

// The writer of the audit log: one JSON line a record, chained by HMAC (docs/audit.md). Thread-bound.
// Any number of writers, in any number of processes, may append to one log.
//
// An append that returned an error left no record, or one that the medium may not have. It is refused
// when the log's end is not the one that was last known to be written: that is damage, and only
// somebody who looked at it may go on (ErrorCode::corrupt, the text says how).
class AuditLog {
 public:
  static Result<std::unique_ptr<AuditLog>> open(AuditOptions options, const Clock& clock);
  ~AuditLog();  // flushes
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Where personal values and anchors are kept; null: nowhere, then a personal value is only
  // committed to. Must outlive the log, or be taken back by null.
  void use_database(Database* database);

  // A security incident is always synced.
  Status append(const AuditEntry& entry, Durability durability = Durability::buffered);

  Status log_authentication(const AuditActor& actor, Authentication event);
  Status log_authorization(const AuditActor& actor, Authorization event);
  Status log_data_access(const AuditActor& actor, DataAccess event);
  Status log_data_modification(const AuditActor& actor, DataModification event);
  Status log_security_event(const AuditActor& actor, SecurityIncident event);
  Status log_system_change(const AuditActor& actor, SystemChange event);
  Status log_face_recognition(const AuditActor& actor, FaceRecognition event);
  Status log_notification(const AuditActor& actor, NotificationSent event);

  bool dirty() const noexcept { return dirty_; }
  // Makes what was appended durable. Its owner calls it within a second of a buffered append.
  Status flush();

  // Flushes, then writes the newest record's index and hash to the database and to the ordinary log.
  // Nothing to do when the newest record is anchored already.
  Status anchor(std::string_view reason);
  // Records since the last anchor by this writer.
  std::uint64_t unanchored() const noexcept;

  const AuditKey& key() const noexcept { return key_; }

 private:
  struct End;
  struct Session;
  AuditLog(AuditOptions options, AuditKey key, const Clock& clock);
  Result<Session> begin();
  Status read_end(Session& session);
  Status expect_whole(const Session& session) const;
  Status mend(Session& session, std::string& text, End& end);
  Status rotate(Session& session, std::size_t wanted);
  Status write(Session& session, const std::string& text, const End& end);
  Status make_durable(Session& session);
  Error damaged(std::string_view what) const;

  const AuditOptions options_;
  const AuditKey key_;
  const Clock& clock_;
  Database* database_ = nullptr;
  std::unique_ptr<End> end_;  // of the log as we last left or read it
  bool dirty_ = false;
  std::optional<std::uint64_t> anchored_;
};

// Sets the log and its anchors aside, to begin a new one after damage: `audit/` becomes
// `audit.<time>/`, and the new log's first record says so. Returns the folder that the old one became.
Result<std::filesystem::path> begin_new_audit_log(const AuditOptions& options, Database& database,
                                                  const AuditActor& actor, const Clock& clock);

}  // namespace porchlight::store
