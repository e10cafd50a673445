// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_page.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "store/audit_files.hpp"
#include "store/audit_record.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 2s;
constexpr off_t block_size = 64 << 10;

// A place between two records: byte `offset` of the file whose first record is `first`. Rotation gives
// a file another name, not another first record.
struct Place {
  std::uint64_t first = 0;
  std::uint64_t offset = 0;
};

std::string text_of(const Place& place) {
  return std::to_string(place.first) + "." + std::to_string(place.offset);
}

std::optional<Place> place_of(std::string_view text) {
  Place place;
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, place.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto offset = std::from_chars(first.ptr + 1, end, place.offset);
  if (offset.ec != std::errc() || offset.ptr != end) return std::nullopt;
  return place;
}

// The lines of one file from `end` on towards its beginning.
class LinesBackwards {
 public:
  LinesBackwards(std::shared_ptr<UniqueFd> fd, std::string name, off_t end)
      : fd_(std::move(fd)), name_(std::move(name)), at_(end) {}

  // Nothing at the beginning. A line longer than any record comes in pieces.
  Result<std::optional<std::string>> next() {
    for (;;) {
      const auto whole = buffer_.empty() || buffer_.back() != '\n' ? buffer_.size() : buffer_.size() - 1;
      const auto before = whole == 0 ? std::string::npos : buffer_.rfind('\n', whole - 1);
      if (before == std::string::npos && at_ > 0 && whole <= longest_audit_line) {
        if (auto status = fill(); !status) return std::move(status).error();
        continue;
      }
      if (buffer_.empty()) return std::optional<std::string>();
      const auto begin = before == std::string::npos ? 0 : before + 1;
      auto line = buffer_.substr(begin, whole - begin);
      buffer_.resize(begin);
      return std::optional<std::string>(std::move(line));
    }
  }
  // Where the line that next() gave last begins.
  off_t place() const noexcept { return at_ + static_cast<off_t>(buffer_.size()); }
  std::size_t bytes_read() const noexcept { return read_; }

 private:
  Status fill() {
    const auto size = std::min(block_size, at_);
    auto block = read_at(fd_->get(), at_ - size, static_cast<std::size_t>(size), name_);
    if (!block) return std::move(block).error();
    if (block->size() < static_cast<std::size_t>(size))
      return Error(ErrorCode::io, "read '" + name_ + "': it became shorter meanwhile");
    at_ -= size;
    read_ += block->size();
    buffer_.insert(0, *block);
    return {};
  }

  std::shared_ptr<UniqueFd> fd_;
  std::string name_;
  off_t at_;            // where the buffer begins
  std::string buffer_;  // read and not yet given out
  std::size_t read_ = 0;
};

bool matches(const AuditFilter& filter, std::string_view line) {
  if (filter.empty()) return true;
  const auto record = nlohmann::json::parse(line, nullptr, false);
  const auto time = record.value("timestamp", "");
  const auto user = record.value("user_id", "");
  return (filter.audit_type.empty() || record.value("audit_type", "") == filter.audit_type) &&
         (filter.users.empty() ||
          std::find(filter.users.begin(), filter.users.end(), user) != filter.users.end()) &&
         (filter.from.empty() || time >= filter.from) && (filter.to.empty() || time < filter.to);
}

Result<std::vector<AuditLines::File>> files_of(const AuditPaths& paths) {
  auto head = AuditHead::lock(paths, AuditHead::Use::read, patience);
  if (!head && head.error().code() != ErrorCode::not_found) return std::move(head).error();
  return audit_files_now(paths);
}

// Of `audit-<index>.jsonl`; nothing for what is named otherwise.
std::optional<std::uint64_t> index_of_name(const std::filesystem::path& path) {
  constexpr std::string_view prefix = "audit-";
  const auto name = path.stem().string();
  if (!name.starts_with(prefix)) return std::nullopt;
  std::uint64_t index = 0;
  const auto* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + prefix.size(), end, index);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return index;
}

Result<std::uint64_t> first_index_of(AuditLines::File& file) {
  if (auto status = open_audit_file(file); !status) return std::move(status).error();
  // The name stays when the first line is damaged, and no two files have the same.
  if (const auto index = index_of_name(file.path)) return *index;
  const auto text = read_at(file.fd->get(), 0,
                            std::min<std::size_t>(longest_audit_line, static_cast<std::size_t>(file.size)),
                            file.path.string());
  if (!text) return text.error();
  // Of the current file, when it is damaged, it is unknown; no record has this one.
  return index_of_line(std::string_view(*text).substr(0, text->find('\n'))).value_or(UINT64_MAX);
}

// Adds what is wanted of one file, `end` and before; true when the page is full.
Result<bool> add_lines(AuditPage& page, AuditLines::File& file, Place place, const AuditFilter& filter,
                       AuditPageLimits& left) {
  LinesBackwards lines(file.fd, file.path.string(), static_cast<off_t>(place.offset));
  const auto full = [&] {
    return page.lines.size() >= left.records || left.bytes_given == 0 ||
           lines.bytes_read() >= left.bytes_read;
  };
  while (!full()) {
    auto line = lines.next();
    if (!line) return std::move(line).error();
    if (!*line) {
      left.bytes_read -= std::min(left.bytes_read, lines.bytes_read());
      return false;
    }
    place.offset = static_cast<std::uint64_t>(lines.place());
    const bool is_record = parse_audit_line(**line).has_value();
    if (is_record ? !matches(filter, **line) : !filter.empty()) continue;
    left.bytes_given -= std::min(left.bytes_given, (*line)->size());
    page.lines.push_back({std::move(**line), is_record});
  }
  page.next = text_of(place);
  return true;
}

}  // namespace

Result<AuditPage> read_audit_page(const std::filesystem::path& folder, const AuditFilter& filter,
                                  std::string_view cursor, const AuditPageLimits& limits) {
  std::optional<Place> wanted;
  if (!cursor.empty() && !(wanted = place_of(cursor)))
    return Error(ErrorCode::invalid_argument,
                 "'" + std::string(cursor.substr(0, 64)) + "' is no cursor of the audit log");
  auto files = files_of(AuditPaths(folder));
  if (!files) return std::move(files).error();
  AuditPage page;
  auto left = limits;
  for (auto file = files->rbegin(); file != files->rend(); ++file) {
    const auto first = first_index_of(*file);
    if (!first) return first.error();
    Place place{*first, static_cast<std::uint64_t>(file->size)};
    if (wanted) {
      if (wanted->first != *first) continue;
      place.offset = std::min(place.offset, wanted->offset);
      wanted.reset();
    }
    const auto full = add_lines(page, *file, place, filter, left);
    if (!full) return full.error();
    if (*full) return page;
  }
  if (wanted)
    return Error(ErrorCode::invalid_argument,
                 "the cursor is not of this audit log, which may have been begun anew");
  return page;
}

}  // namespace porchlight::store
