// SPDX-License-Identifier: Apache-2.0
#include "segment_scan.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::record {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::size_t block = 256 << 10;

}  // namespace

SegmentBytes bytes_of(int fd, std::uint64_t size) {
  return {size, [fd](std::uint64_t at, std::span<std::uint8_t> into) -> Status {
            while (!into.empty()) {
              const auto got = ::pread(fd, into.data(), into.size(), static_cast<::off_t>(at));
              if (got < 0 && errno == EINTR) continue;
              if (got < 0) return errno_error(errno, "read");
              if (got == 0) return Error(ErrorCode::io, "read: the file became shorter meanwhile");
              into = into.subspan(static_cast<std::size_t>(got));
              at += static_cast<std::uint64_t>(got);
            }
            return {};
          }};
}

Result<std::uint32_t> checksum(const SegmentBytes& bytes, std::uint64_t size) {
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, block)));
  auto crc = ::crc32(0, nullptr, 0);
  for (std::uint64_t at = 0; at < size;) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, block));
    if (auto s = bytes.read(at, std::span(buffer).first(part)); !s) return std::move(s).error();
    crc = ::crc32(crc, buffer.data(), static_cast<uInt>(part));
    at += part;
  }
  return static_cast<std::uint32_t>(crc);
}

Result<bool> has_hole(const SegmentBytes& bytes, std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint8_t> buffer(page);
  for (std::uint64_t at = (from + page - 1) / page * page; at < to; at += page) {
    const auto part = static_cast<std::size_t>(std::min(page, to - at));
    // The end of the last page may well be a few zeros of a sound.
    if (part < page / 8) break;
    if (auto s = bytes.read(at, std::span(buffer).first(part)); !s) return std::move(s).error();
    if (std::all_of(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(part),
                    [](auto byte) { return byte == 0; }))
      return true;
  }
  return false;
}

Result<ScannedSegment> scan_segment(const std::filesystem::path& file, Depth depth) {
  const auto what = "read '" + file.string() + "'";
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  struct ::stat info {};
  if (::fstat(fd.get(), &info) != 0) return errno_error(errno, "stat '" + file.string() + "'");
  if (!S_ISREG(info.st_mode)) return Error(ErrorCode::corrupt, what + ": not a file");
  const auto bytes = bytes_of(fd.get(), static_cast<std::uint64_t>(info.st_size));
  auto look = look_at(bytes);
  if (!look) return std::move(look).error().context(what);
  if (look->beginning != Beginning::whole)
    return Error(ErrorCode::corrupt,
                 what + (look->beginning == Beginning::cut ? ": cut short in its head"
                                                           : ": not a segment of porchlight"));
  auto& found = look->segment;
  if (depth == Depth::contents && found.tail && found.tail->bytes == look->fragments_end) {
    const auto crc = checksum(bytes, found.tail->bytes);
    if (!crc) return Error(crc.error()).context(what);
    if (*crc != found.tail->crc) found.faults.emplace_back("bad_crc");
  }
  return std::move(found);
}

}  // namespace porchlight::record
