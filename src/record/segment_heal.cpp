// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "porchlight/base/unique_fd.hpp"
#include "segment_file_write.hpp"
#include "segment_folder.hpp"
#include "segment_notes.hpp"
#include "segment_scan.hpp"

namespace porchlight::record {
namespace {

using std::filesystem::path;

Error failed(std::string_view verb, const path& file) {
  return errno_error(errno, std::string(verb) + " '" + file.string() + "'");
}

Result<std::uint64_t> size_of(int fd, const path& file) {
  struct ::stat info {};
  if (::fstat(fd, &info) != 0) return failed("stat", file);
  if (!S_ISREG(info.st_mode)) return Error(ErrorCode::corrupt, "heal '" + file.string() + "': not a file");
  return static_cast<std::uint64_t>(info.st_size);
}

// The crash came between the renaming and whoever was to learn of it.
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

// What there is up to the last fragment that is really there. `bytes` becomes that much shorter.
Result<SegmentLook> find_end(SegmentBytes& bytes) {
  auto look = look_at(bytes);
  if (!look || look->beginning != Beginning::whole) return look;
  if (is_whole(*look)) {
    const auto crc = checksum(bytes, look->segment.tail->bytes);
    if (!crc) return Error(crc.error());
    if (*crc == look->segment.tail->crc) return look;
  }
  bytes.size = look->fragments_end;
  while (look->segment.fragments > 0) {
    // Only what was not synced can be missing, and that is the last.
    const auto hole = has_hole(bytes, look->last_fragment, bytes.size);
    if (!hole) return Error(hole.error());
    if (!*hole) break;
    bytes.size = look->last_fragment;
    look = look_at(bytes);
    if (!look) return look;
  }
  look->segment.tail.reset();
  return look;
}

Status close_off(int fd, const path& part, const SegmentBytes& bytes, SegmentLook& look) {
  const auto crc = checksum(bytes, bytes.size);
  if (!crc) return Error(crc.error()).context("read '" + part.string() + "'");
  if (::ftruncate(fd, static_cast<::off_t>(bytes.size)) != 0) return failed("cut", part);
  auto& found = look.segment;
  found.tail = SegmentTail{found.duration, found.frames, bytes.size, *crc, true};
  const auto tail = tail_box(*found.tail);
  if (auto status = write_at(fd, bytes.size, tail, part); !status) return status;
  found.faults.clear();
  found.whole_bytes = found.file_bytes = bytes.size + tail.size();
  return {};
}

Status sync_and_settle(int fd, const path& part, const path& file) {
  if (::fdatasync(fd) != 0) return failed("sync", part);
  return settle_name(part, file);
}

}  // namespace

Result<ScannedSegment> heal_segment(const path& part) {
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
  auto bytes = bytes_of(fd.get(), *size);
  auto look = find_end(bytes);
  if (!look) return std::move(look).error().context(what);
  if (look->beginning == Beginning::foreign)
    return Error(ErrorCode::corrupt, what + ": not a segment of porchlight");
  if (!look->segment.tail) {
    const auto more = has_fragment_behind(bytes_of(fd.get(), *size), bytes.size);
    if (!more) return Error(more.error()).context(what);
    if (*more) return Error(ErrorCode::corrupt, what + ": damaged, with whole fragments behind the damage");
    if (look->segment.fragments == 0) return remove_part(part);
    if (auto status = close_off(fd.get(), part, bytes, *look); !status) return std::move(status).error();
  }
  if (auto status = sync_and_settle(fd.get(), part, file); !status) return std::move(status).error();
  return std::move(look->segment);
}

}  // namespace porchlight::record
