// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/record/protection.hpp"
#include "porchlight/record/volume.hpp"
#include "record/check.hpp"
#include "record/file_sync.hpp"
#include "record/quarantine.hpp"
#include "record/segment_folder.hpp"

namespace porchlight::record {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

milliseconds since_boot(MonotonicTime at) {
  return std::chrono::floor<milliseconds>(at.time_since_epoch());
}

std::string this_boot() {
  auto text = read_whole_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return "";
  while (text->ends_with('\n')) text->pop_back();
  return *text;
}

fs::path part_of(const fs::path& file) {
  auto part = file;
  part += ".part";
  return part;
}

}  // namespace

// A boot that the index does not know is put among the others by its time.
Result<store::BootMoment> Mender::begin_of(const SegmentHead& head) {
  auto known = index_.boots();
  if (!known) return std::move(known).error();
  const auto at = since_boot(head.begin);
  for (const auto& boot : *known)
    if (boot.id == head.boot_id) return store::BootMoment{boot.number, at};
  std::optional<WallTime> zero;
  if (head.start) zero = *head.start - at;
  if (auto adopted = index_.adopt_boot(head.boot_id, zero); !adopted) return std::move(adopted).error();
  if (auto status = index_.order_boots(this_boot()); !status) return std::move(status).error();
  auto number = index_.boot(head.boot_id);
  if (!number) return std::move(number).error();
  return store::BootMoment{*number, at};
}

Status Mender::index_file(const std::string& name, const ScannedSegment& scanned) {
  auto begin = begin_of(scanned.head);
  if (!begin) return std::move(begin).error();
  auto known = index_.segment_of_file(name);
  if (!known) return std::move(known).error();
  store::Segment row;
  if (*known) row = **known;
  row.camera_id = scanned.head.camera_id;
  row.file = name;
  row.state = scanned.tail && scanned.tail->torn ? store::SegmentState::torn : store::SegmentState::closed;
  row.begin = *begin;
  // Where something follows, the recorder said where it ends; of one that it had not finished it did not yet.
  const bool told = *known && (*known)->state != store::SegmentState::open;
  const auto followed = told ? index_.is_followed(row) : Result<bool>(false);
  if (!followed) return followed.error();
  if (!*followed) row.end_at = begin->at + scanned.duration;
  row.bytes = scanned.file_bytes;
  row.frames = scanned.frames;
  row.crc = scanned.tail ? scanned.tail->crc : 0;
  row.codec = scanned.codec;
  row.audio_codec = scanned.audio_codec;
  row.width = scanned.width;
  row.height = scanned.height;
  if (*known) {
    if (auto status = index_.finish(row); !status) return status;
    return index_.join_ends(row.camera_id, least_unexplained);
  }
  const auto is_protected = read_protection(folder_);
  if (!is_protected) return is_protected.error();
  row.is_protected = is_protected->contains(name);
  if (const auto id = index_.adopt(row); !id) return id.error();
  return index_.join_ends(row.camera_id, least_unexplained);
}

Status Mender::forget_row(const store::Segment& row, const std::string& why) {
  store::Gap gap;
  gap.camera_id = row.camera_id;
  gap.cause = event::GapCause::damaged;
  gap.detail = why;
  gap.begin = row.begin;
  gap.end = store::BootMoment{row.begin.boot, row.end_at};
  const auto id = index_.replace_by_gap(row.id, gap);
  return id ? Status() : Status(id.error());
}

Status Mender::finish_delete(const store::Segment& row) {
  const auto file = folder_ / row.file;
  for (const auto& path : {file, part_of(file)})
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return errno_error(errno, "remove '" + path.string() + "'");
  std::error_code gone;
  if (fs::is_directory(file.parent_path(), gone))
    if (auto status = sync_folder(file.parent_path()); !status) return status;
  return index_.end_delete({row.id});
}

Status Mender::heal(const std::string& name, bool part, const store::Segment* row) {
  const auto file = folder_ / name;
  if (!part)
    if (auto status = rename_durably(file, part_of(file)); !status) return status;
  auto healed = heal_segment(part_of(file), Kept{row != nullptr ? row->bytes : 0});
  if (healed) return index_file(name, *healed);
  if (healed.error().code() != ErrorCode::not_found) {
    std::error_code there;
    // It stays as it was found.
    if (!part && fs::exists(part_of(file), there) && !fs::exists(file, there))
      if (auto status = rename_durably(part_of(file), file); !status) return status;
    return std::move(healed).error();
  }
  // There was nothing whole in it: it is gone.
  return row != nullptr ? forget_row(*row, "its file held no whole fragment") : Status();
}

Status Mender::cut(const std::string& name, std::uint64_t bytes) {
  const auto file = folder_ / name;
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
    return errno_error(errno, "cut '" + file.string() + "'");
  if (::fsync(fd.get()) != 0) return errno_error(errno, "sync '" + file.string() + "'");
  return {};
}

Status Mender::quarantine(const std::string& name, bool part) {
  auto id = index_.volume_id();
  if (!id) return std::move(id).error();
  auto volume = Volume::open(folder_, *id);
  if (!volume) return std::move(volume).error();
  auto moved = put_into_quarantine(*volume, part ? name + ".part" : name);
  return moved ? Status() : Status(std::move(moved).error());
}

}  // namespace porchlight::record
