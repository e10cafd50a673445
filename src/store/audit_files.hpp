// SPDX-License-Identifier: Apache-2.0
// Where the audit log lies, its lock, and the head: what is known to be on the medium.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/store/audit_anchor.hpp"

namespace porchlight::store {

struct AuditPaths {
  explicit AuditPaths(const std::filesystem::path& storage)
      : folder(storage / "audit"), current(folder / "audit.jsonl"), head(storage / "audit.head") {}
  // Sorted by the index of its first record, as the names of all rotated files are.
  std::filesystem::path rotated(std::uint64_t first_index) const;

  std::filesystem::path folder;
  std::filesystem::path current;
  std::filesystem::path head;
};

// Rotated files from the oldest on. A folder that is not there has none.
Result<std::vector<std::filesystem::path>> rotated_audit_files(const AuditPaths& paths);

// `<storage>/audit.head` is the lock between all that use the log and, one JSON line, the newest record
// that was synced: it is written after the sync, so that a power cut never leaves it ahead of the log.
class AuditHead {
 public:
  enum class Use { write, read };  // write: made when it is not there, exclusive
  // ErrorCode::unavailable when another process holds it for longer than `patience`.
  static Result<AuditHead> lock(const AuditPaths& paths, Use use, std::chrono::milliseconds patience);

  // Nothing when it is empty or not readable as a head.
  Result<std::optional<AuditAnchor>> read() const;
  Status write(std::uint64_t index, std::string_view hash);
  Status clear();

 private:
  explicit AuditHead(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
  UniqueFd fd_;  // the lock goes with it
  std::string name_;
};

// What root makes belongs to whom the folder belongs to, or the service could not use it.
Status give_to_owner_of(const std::filesystem::path& folder, int fd);

// Reads up to `size` bytes at `offset`; fewer at the end.
Result<std::string> read_at(int fd, off_t offset, std::size_t size, const std::string& name);

// The lines of a list of files, in order, up to the sizes they had. Copies read on by themselves.
class AuditLines {
 public:
  struct File {
    std::shared_ptr<UniqueFd> fd;  // opened when its turn comes
    std::filesystem::path path;
    off_t size = 0;
  };
  struct Line {
    std::string text;   // without its newline
    bool whole = true;  // false: the file ends within it
    std::string file;
  };
  explicit AuditLines(std::vector<File> files) : files_(std::move(files)) {}
  // Nothing at the end. A line longer than any record comes back cut.
  Result<std::optional<Line>> next();

 private:
  Status fill(File& file);
  std::vector<File> files_;
  std::size_t at_ = 0;
  off_t offset_ = 0;    // of the file, where reading goes on
  std::string buffer_;  // read and not yet given out, from `begin_` on
  std::size_t begin_ = 0;
};

// Opens it when its turn has come.
Status open_audit_file(AuditLines::File& file);

// All files of the log with the sizes they have now, from the oldest on. The caller holds the lock.
Result<std::vector<AuditLines::File>> audit_files_now(const AuditPaths& paths);

}  // namespace porchlight::store
