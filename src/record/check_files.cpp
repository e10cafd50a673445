// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "record/camera_folder.hpp"
#include "record/check.hpp"

namespace porchlight::record {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using store::SegmentState;

constexpr std::size_t rows_at_once = 1000;
// The row comes after the file, at the latest when the footage lane looks.
constexpr auto row_lag = 60s;
// A row's end is the begin of what follows it, by our clock; a camera's may be off by a second and a group of
// pictures before its segment ends for that.
constexpr auto drift = 1s;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

FootageFault fault_of(const char* name, std::string camera, std::string file, std::string detail) {
  return {name, std::move(camera), std::move(file), std::move(detail), false, false};
}

// Which fragments, by the pictures on both sides.
std::string missing_in(const ScannedSegment& scanned) {
  std::string text;
  for (const auto& missing : scanned.missing)
    text += "; pictures are missing from " + std::to_string(missing.from.count()) + " ms to " +
            std::to_string(missing.to.count()) + " ms of it, and up to the next keyframe";
  return text;
}

std::string with_part(const FoundFile& file) {
  return file.part ? file.name + ".part" : file.name;
}

}  // namespace

void FileCheck::report(FootageFault fault, const Mend& mend) {
  fault.mendable = static_cast<bool>(mend);
  if (mend && order_.repair) {
    const auto status = mend();
    fault.mended = status.ok();
    if (!status) fault.detail += "; not mended: " + status.error().text();
  }
  faults_.push_back(std::move(fault));
}

Status FileCheck::read_rows() {
  for (std::string after;;) {
    auto rows = index_.by_file(after, rows_at_once);
    if (!rows) return std::move(rows).error();
    if (rows->empty()) return {};
    after = rows->back().file;
    for (auto& row : *rows) rows_.emplace(row.file, std::move(row));
  }
}

std::string FileCheck::camera_of(const std::string& name, const store::Segment* row) const {
  if (row != nullptr) return row->camera_id;
  const auto slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

// Beside a daemon: what it began, finished or deleted since the rows were read, and what it is about to
// index.
bool FileCheck::is_being_made(const FoundFile& file) {
  if (!live_) return false;
  const auto row = index_.segment_of_file(file.name);
  const bool known = row && *row;
  if (known && ((*row)->state == SegmentState::open || (*row)->state == SegmentState::deleting)) return true;
  std::error_code gone;
  const auto written = fs::last_write_time(folder_ / with_part(file), gone);
  // What was a .part when the folder was listed may have its name, and its row, by now.
  return gone || (!known && fs::file_time_type::clock::now() - written < row_lag);
}

Status FileCheck::run(const std::function<void(const Progress&)>& progress) {
  if (auto status = read_rows(); !status) return status;
  auto cameras = index_.cameras();
  if (!cameras) return std::move(cameras).error();
  known_ = std::move(*cameras);
  auto files = find_footage_files(folder_);
  if (!files) return std::move(files).error();
  look_at_all(*files, progress);
  look_for_missing();
  return {};
}

void FileCheck::look_at_all(const std::vector<FoundFile>& files,
                            const std::function<void(const Progress&)>& progress) {
  Progress told;
  for (const auto& file : files) told.all += file.bytes;
  for (const auto& file : files) {
    if (is_in_camera_folder(file))
      look_at(file);
    else
      look_at_stranger(file);
    told.done += file.bytes;
    if (progress) progress(told);
  }
}

bool FileCheck::is_in_camera_folder(const FoundFile& file) {
  if (rows_.contains(file.name)) return true;
  const auto top = camera_of(file.name, nullptr);
  if (top.empty()) return false;
  if (const auto known = camera_folders_.find(top); known != camera_folders_.end()) return known->second;
  // Where nobody can tell, nothing in it is ours to mend.
  const auto ours = is_camera_folder(folder_, top, known_, [] {});
  return camera_folders_[top] = ours && *ours;
}

// What others keep on the volume is left alone; a segment of ours among it is told, and stays. So is what may
// be one and cannot be read.
void FileCheck::look_at_stranger(const FoundFile& file) {
  if (file.part || !is_segment_name(file.name)) return;
  const auto scanned = scan_segment(folder_ / file.name);
  if (scanned)
    look_inside(file, *scanned, nullptr);
  else if (scanned.error().code() == ErrorCode::io)
    report(fault_of("unreadable_file", camera_of(file.name, nullptr), file.name, scanned.error().text()), {});
}

void FileCheck::look_at(const FoundFile& file) {
  const auto found = rows_.find(file.name);
  const auto* row = found == rows_.end() ? nullptr : &found->second;
  seen_[file.name] = true;
  if (row != nullptr && row->state == SegmentState::deleting) {
    if (!is_being_made(file))
      report(fault_of("unfinished_delete", row->camera_id, with_part(file), "its deletion had begun"),
             [&] { return mender_.finish_delete(*row); });
    return;
  }
  if (file.part) return look_at_part(file, row);
  auto scanned = scan_segment(folder_ / file.name, order_.deep ? Depth::contents : Depth::boxes);
  if (!scanned && scanned.error().code() == ErrorCode::not_found) {
    seen_[file.name] = false;
    return;
  }
  if (!scanned) {
    const bool damaged = scanned.error().code() == ErrorCode::corrupt;
    report(fault_of(damaged ? "not_a_segment" : "unreadable_file", camera_of(file.name, row), file.name,
                    scanned.error().text()),
           damaged ? Mend([&] {
             auto status = mender_.quarantine(file.name, false);
             return status && row != nullptr ? mender_.forget_row(*row, "its file is no segment any more")
                                             : status;
           })
                   : Mend());
    return;
  }
  look_inside(file, *scanned, row);
}

void FileCheck::look_at_part(const FoundFile& file, const store::Segment* row) {
  if (is_being_made(file)) return;
  const auto scanned = scan_segment(folder_ / with_part(file));
  const bool ours = scanned || is_segment_name(file.name);
  const auto camera = camera_of(file.name, row);
  if (!ours) {
    report(fault_of("not_a_segment", camera, with_part(file), scanned.error().text()),
           [&] { return mender_.quarantine(file.name, true); });
    return;
  }
  report(fault_of("torn_tail", camera, with_part(file), "it was cut short and not healed"),
         [&] { return mender_.heal(file.name, true, row); });
}

void FileCheck::look_inside(const FoundFile& file, const ScannedSegment& scanned, const store::Segment* row) {
  const auto camera = camera_of(file.name, row);
  if (!is_segment_name(file.name) || scanned.head.camera_id != camera_of(file.name, nullptr)) {
    report(
        fault_of("bad_name", camera, file.name,
                 "it says that it is of camera '" + scanned.head.camera_id + "', begun " +
                     (scanned.head.start ? rfc3339(*scanned.head.start) : "before the clock was believed")),
        {});
    // A row under this name would stand beside the right one.
    if (row == nullptr) return;
  }
  if (!scanned.tail && scanned.faults.empty())
    return report(fault_of("torn_tail", camera, file.name, "it has its name, and no tail"),
                  [&] { return mender_.heal(file.name, false, row); });
  for (const auto& name : scanned.faults) {
    Mend mend;
    if (name == "trailing_bytes") mend = [&] { return mender_.cut(file.name, scanned.whole_bytes); };
    report(fault_of(name.c_str(), camera, file.name,
                    "whole up to byte " + number(scanned.whole_bytes) + " of " + number(scanned.file_bytes) +
                        (name == "missing_fragment" ? missing_in(scanned) : "")),
           mend);
  }
  if (!scanned.faults.empty()) return;
  if (row != nullptr)
    compare(file, scanned, *row);
  else if (!is_being_made(file))
    report(fault_of("unindexed_file", camera, file.name, "the index has no row of it"),
           [&] { return mender_.index_file(file.name, scanned); });
}

void FileCheck::compare(const FoundFile& file, const ScannedSegment& scanned, const store::Segment& row) {
  const auto mend = [&] { return mender_.index_file(file.name, scanned); };
  if (row.state == SegmentState::open) {
    if (!is_being_made(file) && !live_)
      report(fault_of("wrong_row", row.camera_id, file.name, "it is finished, and its row says open"), mend);
    return;
  }
  if (row.bytes != scanned.file_bytes)
    return report(
        fault_of("wrong_size", row.camera_id, file.name,
                 "it has " + number(scanned.file_bytes) + " bytes, its row says " + number(row.bytes)),
        mend);
  const auto lasts = row.end_at - row.begin.at;
  const bool off = std::chrono::abs(lasts - scanned.tail->duration) > drift;
  if (row.crc != scanned.tail->crc || row.frames != scanned.tail->frames || (off && !is_followed(row)))
    report(fault_of("wrong_row", row.camera_id, file.name,
                    "it lasts " + number(static_cast<std::uint64_t>(scanned.tail->duration.count())) +
                        " ms in " + number(scanned.tail->frames) + " pictures, its row says " +
                        number(static_cast<std::uint64_t>(lasts.count())) + " ms in " + number(row.frames)),
           mend);
}

bool FileCheck::is_followed(const store::Segment& row) {
  const auto followed = index_.is_followed(row);
  return followed && *followed;
}

void FileCheck::look_for_missing() {
  for (const auto& [name, row] : rows_) {
    const auto seen = seen_.find(name);
    if (seen != seen_.end() && seen->second) continue;
    if (live_) {
      const auto now = index_.segment(row.id);
      if (!now || !*now || (*now)->state != row.state || row.state == SegmentState::open) continue;
    }
    if (row.state == SegmentState::deleting)
      report(fault_of("unfinished_delete", row.camera_id, name, "its deletion had begun"),
             [&] { return mender_.finish_delete(row); });
    else
      report(fault_of("missing_file", row.camera_id, name, "the index has a row of it"),
             [&] { return mender_.forget_row(row, "its file was missing"); });
  }
}

}  // namespace porchlight::record
