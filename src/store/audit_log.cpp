// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/telemetry/log.hpp"
#include "store/audit_files.hpp"
#include "store/audit_record.hpp"
#include "store/connection.hpp"
#include "store/folder.hpp"

namespace porchlight::store {
namespace {

Error log_error(int errnum, std::string_view verb, const std::filesystem::path& path) {
  auto error = errno_error(errnum, std::string(verb) + " audit log '" + path.string() + "'");
  if (errnum != ENOSPC && errnum != EDQUOT) return error;
  return {error.code(), error.text() + "; free space on the volume"};
}

AuditEntry about_the_log(std::string change, std::string description) {
  return {
      SystemChange{"audit", std::move(change), std::move(description), "", "", AuditResult::success}, {}, {}};
}

Result<UniqueFd> open_or_make(const AuditPaths& paths) {
  UniqueFd fd(::open(paths.current.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  if (fd) return fd;
  if (errno != ENOENT) return log_error(errno, "open", paths.current);
  fd.reset(::open(paths.current.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!fd) return log_error(errno, "create", paths.current);
  if (::fchmod(fd.get(), 0640) != 0) return log_error(errno, "chmod", paths.current);
  if (auto status = give_to_owner_of(paths.folder, fd.get()); !status) return std::move(status).error();
  if (auto status = sync_folder(paths.folder); !status) return std::move(status).error();
  return fd;
}

Status make_audit_folder(const AuditPaths& paths) {
  std::error_code failed;
  if (std::filesystem::is_directory(paths.folder, failed)) return {};
  if (auto status = make_folder(paths.folder); !status) return status;
  UniqueFd fd(::open(paths.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return log_error(errno, "open", paths.folder);
  return give_to_owner_of(paths.folder.parent_path(), fd.get());
}

bool has_records(const AuditPaths& paths) {
  std::error_code none;
  const auto rotated = rotated_audit_files(paths);
  return (rotated && !rotated->empty()) || (std::filesystem::file_size(paths.current, none) > 0 && !none);
}

// A second key beside a log that another one signed would only make a log nobody can verify.
Result<AuditKey> key_for(const std::filesystem::path& folder) {
  const AuditPaths paths(folder);
  if (!has_records(paths)) return find_or_make_audit_key(folder);
  auto key = find_audit_key(folder);
  if (!key || !key->bytes.empty()) return key;
  return Error(ErrorCode::not_found, "open audit log '" + paths.folder.string() +
                                         "': its key is gone; put 'audit.key' back, or set the log aside "
                                         "with 'porchlight audit begin'");
}

}  // namespace

// Where the next record goes.
struct AuditLog::End {
  std::uint64_t next = 0;
  std::string hash = no_audit_hash();
  ino_t inode = 0;  // of the current file, with its size: tells whether somebody else wrote meanwhile
  off_t size = 0;
};

// The log locked against everybody else.
struct AuditLog::Session {
  AuditHead head;
  AuditPaths paths;
  UniqueFd file;
  ino_t inode = 0;
  off_t size = 0;
  off_t torn = 0;  // bytes after the last newline
};

AuditLog::AuditLog(AuditOptions options, AuditKey key, const Clock& clock)
    : options_(std::move(options)), key_(std::move(key)), clock_(clock) {}

AuditLog::~AuditLog() {
  (void)flush();
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(AuditOptions options, const Clock& clock) {
  auto key = options.key ? Result<AuditKey>(*options.key) : key_for(options.folder);
  if (!key) return std::move(key).error();
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(options), std::move(*key), clock));
}

void AuditLog::use_database(Database* database) {
  database_ = database;
  end_.reset();  // its anchors want to be compared
}

Result<AuditLog::Session> AuditLog::begin() {
  AuditPaths paths(options_.folder);
  if (auto status = make_audit_folder(paths); !status) return std::move(status).error();
  auto head = AuditHead::lock(paths, AuditHead::Use::write, options_.patience);
  if (!head) return std::move(head).error();
  auto file = open_or_make(paths);
  if (!file) return std::move(file).error();
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return log_error(errno, "stat", paths.current);
  return Session{std::move(*head), std::move(paths), std::move(*file), info.st_ino, info.st_size, 0};
}

Error AuditLog::damaged(std::string_view what) const {
  return {ErrorCode::corrupt,
          "audit log '" + AuditPaths(options_.folder).folder.string() +
              "' is not as it was written: " + std::string(what) +
              "; 'porchlight audit verify' shows where: put the files back from a copy, or set the log aside "
              "with 'porchlight audit begin'"};
}

// The log's end from its files, when it is not where we left it.
Status AuditLog::read_end(Session& session) {
  if (end_ && end_->inode == session.inode && end_->size == session.size) return {};
  end_.reset();
  const auto take = std::min<off_t>(session.size, 2 * static_cast<off_t>(longest_audit_line));
  auto text = read_at(session.file.get(), session.size - take, static_cast<std::size_t>(take),
                      session.paths.current.string());
  if (!text) return std::move(text).error();
  auto whole = text->rfind('\n') == std::string::npos ? 0 : text->rfind('\n') + 1;
  if (whole == 0 && session.size > take) return damaged("it does not end in a record");
  session.torn = static_cast<off_t>(text->size() - whole);
  if (whole == 0) {
    // A new file: the last record is in the one that was rotated away before it.
    auto rotated = rotated_audit_files(session.paths);
    if (!rotated) return std::move(rotated).error();
    if (rotated->empty()) return end_ = std::make_unique<End>(), Status();
    std::error_code failed;
    const auto size = static_cast<off_t>(std::filesystem::file_size(rotated->back(), failed));
    UniqueFd fd(::open(rotated->back().c_str(), O_RDONLY | O_CLOEXEC));
    if (failed || !fd) return log_error(errno, "open", rotated->back());
    const auto last = std::min<off_t>(size, 2 * static_cast<off_t>(longest_audit_line));
    text = read_at(fd.get(), size - last, static_cast<std::size_t>(last), rotated->back().string());
    if (!text) return std::move(text).error();
    if (!text->ends_with('\n')) return damaged("a rotated file does not end in a record");
    whole = text->size();
  }
  std::string_view line(text->data(), whole - 1);
  if (const auto before = line.rfind('\n'); before != std::string_view::npos) line.remove_prefix(before + 1);
  const auto record = parse_audit_line(line);
  if (!record) return damaged("its last line is no record");
  if (audit_hash(key_.bytes, record->unsealed) != record->hash)
    return damaged(key_.bytes.empty() ? "its last record was signed with a key that is not here"
                                      : "its last record does not fit the key '" + key_.source + "'");
  end_ = std::make_unique<End>(End{record->index + 1, record->hash, 0, 0});
  return {};
}

// What was once known to be written must still be there.
Status AuditLog::expect_whole(const Session& session) const {
  auto known = session.head.read();
  if (!known) return std::move(known).error();
  std::vector<AuditAnchor> all;
  if (*known) all.push_back(**known);
  if (database_ != nullptr && end_->inode == 0) {
    auto anchors = read_audit_anchors(*database_);
    if (!anchors) return std::move(anchors).error();
    if (!anchors->empty()) all.push_back(anchors->back());
  }
  for (const auto& anchor : all) {
    if (anchor.index >= end_->next)
      return damaged("it ends with " + std::to_string(end_->next) + " records, and record " +
                     std::to_string(anchor.index) + " was there (" + anchor.source + ")");
    if (anchor.index + 1 == end_->next && anchor.hash != end_->hash)
      return damaged("its last record is another one than " + anchor.source + " knows");
  }
  return {};
}

// Cuts off what a power cut left of a line, and says so in the log.
Status AuditLog::mend(Session& session, std::string& text, End& end) {
  if (session.torn == 0) return {};
  if (::ftruncate(session.file.get(), session.size - session.torn) != 0)
    return log_error(errno, "cut the torn line of", session.paths.current);
  session.size -= session.torn;
  auto body = audit_body(about_the_log("torn_tail_cut", "the last line was not complete: " +
                                                            std::to_string(session.torn) + " bytes cut off"),
                         clock_.wall(), nullptr);
  if (!body) return std::move(body).error();
  auto sealed = seal(std::move(*body), end.next, end.hash, key_.bytes);
  text += sealed.line;
  ++end.next;
  end.hash = std::move(sealed.hash);
  session.torn = 0;
  return {};
}

Status AuditLog::rotate(Session& session, std::size_t wanted) {
  if (session.size == 0 || static_cast<std::uint64_t>(session.size) + wanted <= options_.file_limit)
    return {};
  const auto first = read_at(session.file.get(), 0, longest_audit_line, session.paths.current.string());
  if (!first) return first.error();
  const auto index = index_of_line(std::string_view(*first).substr(0, first->find('\n')));
  if (!index) return damaged("its first line is no record");
  if (::fdatasync(session.file.get()) != 0) return log_error(errno, "sync", session.paths.current);
  const auto name = session.paths.rotated(*index);
  if (::rename(session.paths.current.c_str(), name.c_str()) != 0)
    return log_error(errno, "rotate", session.paths.current);
  auto fresh = open_or_make(session.paths);  // syncs the folder
  if (!fresh) return std::move(fresh).error();
  struct stat info {};
  if (::fstat(fresh->get(), &info) != 0) return log_error(errno, "stat", session.paths.current);
  session.file = std::move(*fresh);
  session.inode = info.st_ino;
  session.size = 0;
  return {};
}

Status AuditLog::write(Session& session, const std::string& text, const End& end) {
  const auto written = ::write(session.file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    auto error = log_error(written < 0 ? errno : ENOSPC, "append to", session.paths.current);
    // Half a record would be a torn line: it is mended by the next writer if we cannot do it.
    if (written > 0 && ::ftruncate(session.file.get(), session.size) != 0) end_.reset();
    return error;
  }
  *end_ = end;
  end_->inode = session.inode;
  end_->size = session.size + static_cast<off_t>(text.size());
  dirty_ = true;
  return {};
}

Status AuditLog::make_durable(Session& session) {
  if (::fdatasync(session.file.get()) != 0) return log_error(errno, "sync", session.paths.current);
  if (end_ && end_->next > 0) {
    const auto known = session.head.read();
    if (!known) return known.error();
    if (!*known || (*known)->index < end_->next - 1)
      if (auto status = session.head.write(end_->next - 1, end_->hash); !status) return status;
  }
  dirty_ = false;
  return {};
}

Status AuditLog::append(const AuditEntry& entry, Durability durability) {
  auto body = audit_body(entry, clock_.wall(), database_);
  if (!body) return std::move(body).error();
  auto session = begin();
  if (!session) return std::move(session).error();
  Status status = read_end(*session);
  if (status) status = expect_whole(*session);
  if (!status) {
    end_.reset();
    return status;
  }
  auto end = *end_;
  std::string text;
  if (status = mend(*session, text, end); !status) return status;
  auto sealed = seal(std::move(*body), end.next, end.hash, key_.bytes);
  text += sealed.line;
  ++end.next;
  end.hash = std::move(sealed.hash);
  if (status = rotate(*session, text.size()); !status) return status;
  if (status = write(*session, text, end); !status) return status;
  const bool is_urgent = std::holds_alternative<SecurityIncident>(entry.event);
  return durability == Durability::synced || is_urgent ? make_durable(*session) : Status();
}

Status AuditLog::flush() {
  if (!dirty_) return {};
  auto session = begin();
  if (!session) return std::move(session).error();
  return make_durable(*session);
}

std::uint64_t AuditLog::unanchored() const noexcept {
  if (!end_) return 0;
  return anchored_ ? end_->next - std::min(end_->next, *anchored_ + 1) : end_->next;
}

Status AuditLog::anchor(std::string_view reason) {
  if (unanchored() == 0) return {};
  if (auto status = flush(); !status) return status;
  const AuditAnchor anchor{end_->next - 1, end_->hash, "database"};
  static const telemetry::Logger log("doorbell.audit", telemetry::Component::storage);
  log.info("audit anchor", {{"index", static_cast<std::int64_t>(anchor.index)},
                            {"hash", anchor.hash},
                            {"reason", std::string(reason)}});
  if (database_ != nullptr)
    if (auto status = write_audit_anchor(*database_, anchor, clock_.wall(), reason); !status) return status;
  anchored_ = anchor.index;
  return {};
}

Status AuditLog::log_authentication(const AuditActor& actor, Authentication event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_authorization(const AuditActor& actor, Authorization event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_data_access(const AuditActor& actor, DataAccess event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_data_modification(const AuditActor& actor, DataModification event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_security_event(const AuditActor& actor, SecurityIncident event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_system_change(const AuditActor& actor, SystemChange event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_face_recognition(const AuditActor& actor, FaceRecognition event) {
  return append({std::move(event), actor, {}});
}
Status AuditLog::log_notification(const AuditActor& actor, NotificationSent event) {
  return append({std::move(event), actor, {}});
}

Result<std::filesystem::path> begin_new_audit_log(const AuditOptions& options, Database& database,
                                                  const AuditActor& actor, const Clock& clock) {
  const AuditPaths paths(options.folder);
  std::filesystem::path aside;
  {
    auto head = AuditHead::lock(paths, AuditHead::Use::write, options.patience);
    if (!head) return std::move(head).error();
    auto name = "audit." + rfc3339(clock.wall());
    std::erase(name, ':');
    aside = options.folder / name;
    if (::rename(paths.folder.c_str(), aside.c_str()) != 0 && errno != ENOENT)
      return log_error(errno, "set aside", paths.folder);
    if (auto status = head->clear(); !status) return std::move(status).error();
    if (auto status = database.connection().execute(QueryType::remove, "DELETE FROM audit_anchors"); !status)
      return std::move(status).error();
    if (auto status = sync_folder(options.folder); !status) return std::move(status).error();
  }
  auto log = AuditLog::open(options, clock);
  if (!log) return std::move(log).error();
  (*log)->use_database(&database);
  AuditEntry entry = about_the_log("log_begun", "the former log was set aside");
  std::get<SystemChange>(entry.event).old_value = aside.filename().string();
  entry.actor = actor;
  Status status = (*log)->append(entry, Durability::synced);
  (*log)->use_database(nullptr);
  if (!status) return std::move(status).error();
  return aside;
}

}  // namespace porchlight::store
