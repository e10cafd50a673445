// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "porchlight/base/unique_fd.hpp"
#include "segment_file_write.hpp"
#include "segment_folder.hpp"
#include "segment_notes.hpp"
#include "segment_scan.hpp"

namespace porchlight::record {
namespace {

using std::filesystem::path;

constexpr std::uint64_t page = 4096;

Error failed(std::string_view verb, const path& file) {
  return errno_error(errno, std::string(verb) + " '" + file.string() + "'");
}

Result<std::uint64_t> size_of(int fd, const path& file) {
  struct ::stat info {};
  if (::fstat(fd, &info) != 0) return failed("stat", file);
  if (!S_ISREG(info.st_mode)) return Error(ErrorCode::corrupt, "heal '" + file.string() + "': not a file");
  return static_cast<std::uint64_t>(info.st_size);
}

// The crash came between the renaming and whoever was to learn of it. The folder may be synced twice: when
// that is not true the second time, the part comes back after a power cut, with its tail.
Result<ScannedSegment> look_at_file(const path& part, const path& file) {
  auto found = scan_segment(file);
  if (!found && found.error().code() == ErrorCode::not_found)
    return Error(ErrorCode::not_found, "heal '" + part.string() + "': neither it nor the file is there");
  if (!found) return found;
  if (auto status = sync_folder(file.parent_path()); !status) return std::move(status).error();
  return found;
}

Error remove_part(const path& part) {
  if (::unlink(part.c_str()) != 0) return failed("remove", part);
  if (auto status = sync_folder(part.parent_path()); !status) return std::move(status).error();
  return Error(ErrorCode::not_found, "heal '" + part.string() + "': no whole fragment in it, removed");
}

bool is_whole(const SegmentLook& look) {
  return look.segment.tail && look.segment.faults.empty();
}

// Where the first fragment begins of which a page never reached the disk; nothing: none is like that. When a
// sync took long, it is for several fragments, so it need not be the last one.
Result<std::optional<std::uint64_t>> first_hole(const SegmentBytes& bytes, const SegmentLook& look,
                                                std::uint64_t kept) {
  const auto lost_behind = is_lost(bytes, look.fragments_end);
  if (!lost_behind) return lost_behind.error();
  for (std::size_t i = 0; i < look.begins.size(); ++i) {
    const bool is_last = i + 1 == look.begins.size();
    auto end = is_last ? look.fragments_end : look.begins[i + 1];
    if (end <= kept) continue;
    // A page is lost as a whole.
    if (is_last && *lost_behind) end = std::min(bytes.size, (end + page - 1) / page * page);
    const auto hole = has_hole(bytes, look.begins[i], end);
    if (!hole) return hole.error();
    if (*hole) return std::optional(look.begins[i]);
  }
  return std::optional<std::uint64_t>();
}

struct End {
  SegmentLook look;  // with a tail: nothing has to be cut
  std::uint64_t at = 0;
  bool is_hole = false;  // what follows was never synced, whatever it holds
};

// Up to the last fragment before which all are really there.
Result<End> find_end(const SegmentBytes& bytes, std::uint64_t kept) {
  auto look = look_at(bytes);
  if (!look) return std::move(look).error();
  if (look->beginning != Beginning::whole) return End{std::move(*look), 0, false};
  if (is_whole(*look)) {
    const auto crc = checksum(bytes, look->segment.tail->bytes);
    if (!crc) return crc.error();
    if (*crc == look->segment.tail->crc) return End{std::move(*look), bytes.size, false};
  }
  const auto hole = first_hole(bytes, *look, kept);
  if (!hole) return hole.error();
  const auto at = hole->value_or(look->fragments_end);
  auto is_hole = hole->has_value() ? Result<bool>(true) : is_lost(bytes, at);
  if (!is_hole) return std::move(is_hole).error();
  if (at < kept) *is_hole = false;  // it was there once: a damage
  auto cut = bytes;
  cut.size = at;
  look = look_at(cut);
  if (!look) return std::move(look).error();
  return End{std::move(*look), at, *is_hole};
}

// A damage has whole fragments behind it that may have been synced; behind a hole nothing was.
Status expect_nothing_behind(const SegmentBytes& bytes, const End& end, const std::string& what) {
  if (end.is_hole) return {};
  const auto more = has_fragment_behind(bytes, end.at);
  if (!more) return Error(more.error()).context(what);
  if (*more) return Error(ErrorCode::corrupt, what + ": damaged, with whole fragments behind the damage");
  return {};
}

Status close_off(int fd, const path& part, const SegmentBytes& bytes, End& end) {
  const auto crc = checksum(bytes, end.at);
  if (!crc) return Error(crc.error()).context("read '" + part.string() + "'");
  if (::ftruncate(fd, static_cast<::off_t>(end.at)) != 0) return failed("cut", part);
  auto& found = end.look.segment;
  found.tail = SegmentTail{found.duration, found.frames, end.at, *crc, true};
  const auto tail = tail_box(*found.tail);
  if (auto status = write_at(fd, end.at, tail, part); !status) return status;
  found.faults.clear();
  found.whole_bytes = found.file_bytes = end.at + tail.size();
  return {};
}

// The kernel tells of a failed sync once and forgets what it was about: asked again, it would say that all is
// well. So that goes; what is left was synced before, and a new tail is written anew.
Error withdraw(int fd, const path& part, const SegmentTail& tail, const Kept& kept) {
  auto error = failed("sync", part);
  const auto left = kept.bytes > 0 ? std::min(kept.bytes, tail.bytes) : tail.bytes;
  (void)!::ftruncate(fd, static_cast<::off_t>(left));
  if (kept.bytes > 0) return error;
  return Error(ErrorCode::corrupt, error.text() + "; nobody knows what of it is on the medium");
}

}  // namespace

Result<ScannedSegment> heal_segment(const path& part, const Kept& kept) {
  const auto what = "heal '" + part.string() + "'";
  if (part.extension() != ".part") return Error(ErrorCode::invalid_argument, what + ": not a '.part'");
  const auto file = path(part).replace_extension();
  const UniqueFd fd(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return look_at_file(part, file);
  if (!fd) return failed("open", part);
  struct ::stat info {};
  if (::lstat(file.c_str(), &info) == 0)
    return Error(ErrorCode::already_exists, what + ": '" + file.string() + "' is there, too");
  const auto size = size_of(fd.get(), part);
  if (!size) return size.error();
  const bool is_less = kept.is_all && kept.bytes > 0 && kept.bytes < *size;
  if (is_less && ::ftruncate(fd.get(), static_cast<::off_t>(kept.bytes)) != 0) return failed("cut", part);
  const auto bytes = bytes_of(fd.get(), is_less ? kept.bytes : *size);
  auto end = find_end(bytes, kept.bytes);
  if (!end) return std::move(end).error().context(what);
  if (end->look.beginning == Beginning::foreign)
    return Error(ErrorCode::corrupt, what + ": not a segment of porchlight");
  if (!end->look.segment.tail) {
    if (auto status = expect_nothing_behind(bytes, *end, what); !status) return std::move(status).error();
    if (end->look.segment.fragments == 0 && kept.bytes > 0)
      return Error(ErrorCode::corrupt, what + ": damaged, nothing of what was kept in it can be made out");
    if (end->look.segment.fragments == 0) return remove_part(part);
    if (auto status = close_off(fd.get(), part, bytes, *end); !status) return std::move(status).error();
  }
  if (::fdatasync(fd.get()) != 0) return withdraw(fd.get(), part, *end->look.segment.tail, kept);
  if (auto status = settle_name(part, file); !status) return std::move(status).error();
  return std::move(end->look.segment);
}

}  // namespace porchlight::record
