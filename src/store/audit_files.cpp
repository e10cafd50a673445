// SPDX-License-Identifier: Apache-2.0
#include "store/audit_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "store/audit_record.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t block_size = 64 << 10;

Error file_error(std::string_view verb, const std::string& name) {
  return errno_error(errno, std::string(verb) + " '" + name + "'");
}

// Without a blocking wait: a process that was stopped while it holds the lock would stop us too.
Status lock_within(int fd, int how, std::chrono::milliseconds patience, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, how | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return file_error("lock", name);
    if (std::chrono::steady_clock::now() >= deadline)
      return Error(ErrorCode::unavailable,
                   "lock '" + name + "': another process is writing the audit log; try again");
    std::this_thread::sleep_for(1ms);
  }
  return {};
}

bool is_same_file(int fd, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

Status write_whole(int fd, std::string_view text, const std::string& name) {
  const auto written = ::pwrite(fd, text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size())) return {};
  if (written >= 0) errno = ENOSPC;
  return file_error("write", name);
}

}  // namespace

std::filesystem::path AuditPaths::rotated(std::uint64_t first_index) const {
  char name[64];
  std::snprintf(name, sizeof name, "audit-%012llu.jsonl", static_cast<unsigned long long>(first_index));
  return folder / name;
}

Result<std::vector<std::filesystem::path>> rotated_audit_files(const AuditPaths& paths) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(paths.folder, failed)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("audit-") && name.ends_with(".jsonl")) files.push_back(entry.path());
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    return errno_error(failed.value(), "read folder '" + paths.folder.string() + "'");
  std::sort(files.begin(), files.end());
  return files;
}

Status give_to_owner_of(const std::filesystem::path& folder, int fd) {
  struct stat info {};
  if (::geteuid() != 0) return {};
  if (::stat(folder.c_str(), &info) != 0) return file_error("stat", folder.string());
  if (::fchown(fd, info.st_uid, info.st_gid) != 0) return file_error("chown for", folder.string());
  return {};
}

Result<AuditHead> AuditHead::lock(const AuditPaths& paths, Use use, std::chrono::milliseconds patience) {
  const auto name = paths.head.string();
  const bool writes = use == Use::write;
  for (;;) {
    UniqueFd fd(::open(name.c_str(), (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0640));
    if (!fd) return file_error("open", name);
    if (writes)
      if (auto status = give_to_owner_of(paths.head.parent_path(), fd.get()); !status)
        return std::move(status).error();
    if (auto status = lock_within(fd.get(), writes ? LOCK_EX : LOCK_SH, patience, name); !status)
      return std::move(status).error();
    // Somebody may have put another file there while we waited.
    if (is_same_file(fd.get(), paths.head)) return AuditHead(std::move(fd), name);
  }
}

Result<std::optional<AuditAnchor>> AuditHead::read() const {
  auto text = read_at(fd_.get(), 0, 4096, name_);
  if (!text) return std::move(text).error();
  const auto head = nlohmann::json::parse(*text, nullptr, false);
  if (!head.is_object() || !head.contains("index") || !head["index"].is_number_unsigned() ||
      !head.contains("hash") || !head["hash"].is_string())
    return std::optional<AuditAnchor>();
  return std::optional<AuditAnchor>(
      AuditAnchor{head["index"].get<std::uint64_t>(), head["hash"].get<std::string>(), "audit.head"});
}

Status AuditHead::write(std::uint64_t index, std::string_view hash) {
  // One length whatever the index: a line that is written over its predecessor needs no truncation.
  char text[160];
  const int size = std::snprintf(text, sizeof text, "{\"hash\":\"%.64s\",\"index\":%llu}",
                                 std::string(hash).c_str(), static_cast<unsigned long long>(index));
  std::string line(text, static_cast<std::size_t>(size));
  line.resize(120, ' ');
  return write_whole(fd_.get(), line + "\n", name_);
}

Status AuditHead::clear() {
  if (::ftruncate(fd_.get(), 0) != 0 || ::fsync(fd_.get()) != 0) return file_error("clear", name_);
  return {};
}

Result<std::string> read_at(int fd, off_t offset, std::size_t size, const std::string& name) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got = ::pread(fd, text.data() + have, size - have, offset + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", name);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

Status open_audit_file(AuditLines::File& file) {
  if (file.fd) return {};
  file.fd = std::make_shared<UniqueFd>(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*file.fd) return file_error("open", file.path.string());
  return {};
}

Result<std::vector<AuditLines::File>> audit_files_now(const AuditPaths& paths) {
  auto rotated = rotated_audit_files(paths);
  if (!rotated) return std::move(rotated).error();
  std::vector<AuditLines::File> files;
  for (auto& path : *rotated) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) return errno_error(failed.value(), "stat '" + path.string() + "'");
    files.push_back({nullptr, std::move(path), static_cast<off_t>(size)});
  }
  // Opened now: it may get another name while we read.
  auto fd = std::make_shared<UniqueFd>(::open(paths.current.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*fd && errno == ENOENT) return files;
  struct stat info {};
  if (!*fd || ::fstat(fd->get(), &info) != 0 || S_ISDIR(info.st_mode))
    return errno_error(*fd ? EISDIR : errno, "open audit log '" + paths.current.string() + "'");
  files.push_back({std::move(fd), paths.current, info.st_size});
  return files;
}

Status AuditLines::fill(File& file) {
  if (auto status = open_audit_file(file); !status) return status;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const auto wanted = std::min<std::size_t>(block_size, static_cast<std::size_t>(file.size - offset_));
  auto block = read_at(file.fd->get(), offset_, wanted, file.path.string());
  if (!block) return std::move(block).error();
  // A file that became shorter while we read has ended.
  offset_ = block->size() < wanted ? file.size : offset_ + static_cast<off_t>(wanted);
  buffer_ += *block;
  return {};
}

Result<std::optional<AuditLines::Line>> AuditLines::next() {
  for (; at_ < files_.size(); ++at_, offset_ = 0) {
    auto& file = files_[at_];
    for (;;) {
      const auto end = buffer_.find('\n', begin_);
      const auto length = (end == std::string::npos ? buffer_.size() : end) - begin_;
      const bool too_long = length > longest_audit_line;
      if (end == std::string::npos && !too_long && offset_ < file.size) {
        if (auto status = fill(file); !status) return std::move(status).error();
        continue;
      }
      if (end == std::string::npos && length == 0) break;  // the file's end
      Line line{buffer_.substr(begin_, length), end != std::string::npos || too_long,
                file.path.filename().string()};
      begin_ += length + (end == std::string::npos ? 0 : 1);
      return std::optional<Line>(std::move(line));
    }
  }
  return std::optional<Line>();
}

}  // namespace porchlight::store
