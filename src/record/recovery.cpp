// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/recovery.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "porchlight/record/protection.hpp"
#include "record/camera_folder.hpp"
#include "record/quarantine.hpp"
#include "record/segment_file.hpp"
#include "record/segment_folder.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::filesystem::path;

constexpr const char* part_ending = ".part";
constexpr std::size_t page = 1000;

milliseconds in_boot(MonotonicTime at) {
  return std::chrono::floor<milliseconds>(at.time_since_epoch());
}

bool may_be_segment(const std::string& file) {
  return file.ends_with(".mp4") || file.ends_with(".mov");
}

enum class Kind : std::uint8_t { folder, file };
Result<std::vector<std::string>> names_in(const path& folder, Kind kind) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    const bool is_folder = entry->is_directory(ignored) && !entry->is_symlink(ignored);
    if (is_folder == (kind == Kind::folder)) names.push_back(entry->path().filename().string());
  }
  if (failed) return errno_error(failed.value(), "read folder '" + folder.string() + "'");
  std::sort(names.begin(), names.end());
  return names;
}

store::Segment row_of(const std::string& file, const ScannedSegment& scanned) {
  store::Segment row;
  row.camera_id = scanned.head.camera_id;
  row.file = file;
  row.state = scanned.tail && !scanned.tail->torn ? store::SegmentState::closed : store::SegmentState::torn;
  row.begin.at = in_boot(scanned.head.begin);
  row.end_at = row.begin.at + (scanned.tail ? scanned.tail->duration : scanned.duration);
  row.bytes = scanned.file_bytes;
  row.frames = scanned.tail ? scanned.tail->frames : scanned.frames;
  row.crc = scanned.tail ? scanned.tail->crc : 0;
  row.codec = scanned.codec;
  row.audio_codec = scanned.audio_codec;
  row.width = scanned.width;
  row.height = scanned.height;
  return row;
}

store::Gap gap_of(const store::Segment& row, std::string detail) {
  store::Gap gap;
  gap.camera_id = row.camera_id;
  gap.cause = event::GapCause::damaged;
  gap.detail = std::move(detail);
  gap.begin = row.begin;
  gap.end = store::BootMoment{row.begin.boot, row.end_at};
  return gap;
}

class Recovery {
 public:
  Recovery(store::SegmentIndex& index, const Volume& volume, const RecoveryOrder& order)
      : index_(index), volume_(volume), order_(order) {}

  Result<RecoveryReport> run() {
    for (auto step : {&Recovery::read_protected, &Recovery::finish_all_deletions, &Recovery::look_at_files,
                      &Recovery::look_at_rows, &Recovery::put_in_order})
      if (auto status = (this->*step)(); !status) return std::move(status).error();
    return std::move(report_);
  }

 private:
  using Rows = std::map<std::string, store::Segment>;

  // A list that cannot be read keeps nobody from recording; it is told, and stays as it is.
  Status read_protected() {
    auto files = read_protection(volume_.folder());
    if (files)
      protected_ = std::move(*files);
    else
      report_.unreadable.push_back(files.error().text());
    return {};
  }

  Status finish_all_deletions() {
    for (std::int64_t last = 0;;) {
      order_.alive();
      auto some = finish_deletions(index_, volume_, last);
      if (!some) return std::move(some).error();
      if (some->last == 0) return {};
      last = some->last;
      report_.deleted += some->went.size();
      // Their rows say so still: the next to delete something tries again.
      for (const auto& [id, why] : some->left) report_.unreadable.push_back(why.text());
    }
  }

  Status look_at_files() {
    auto cameras = names_in(volume_.folder(), Kind::folder);
    if (!cameras) return std::move(cameras).error();
    auto known = index_.cameras();
    if (!known) return std::move(known).error();
    for (const auto& camera : *cameras) {
      auto ours = is_camera_folder(volume_.folder(), camera, *known, order_.alive);
      // Nobody knows whose it is: it stays as it is, and keeps nobody from recording.
      if (!ours) (void)leave(camera, ours.error());
      if (!ours || !*ours) continue;
      auto dates = names_in(volume_.folder() / camera, Kind::folder);
      if (!dates) {
        (void)leave(camera, dates.error());
        continue;
      }
      for (const auto& date : *dates)
        if (auto status = look_into(camera + "/" + date); !status) return status;
    }
    return {};
  }

  Status look_into(const std::string& folder) {
    auto names = names_in(volume_.folder() / folder, Kind::file);
    if (!names) return leave(folder, names.error());
    auto rows = index_.in_folder(folder);
    if (!rows) return std::move(rows).error();
    Rows known;
    for (auto& row : *rows) known.emplace(row.file, std::move(row));
    for (const auto& name : *names) {
      order_.alive();
      if (auto status = look_at(folder + "/" + name, known); !status) return status;
    }
    return {};
  }

  Status look_at(const std::string& file, const Rows& known) {
    const bool is_part = file.ends_with(part_ending);
    const auto named = is_part ? file.substr(0, file.size() - std::string_view(part_ending).size()) : file;
    if (is_part && order_.live) return {};
    if (!may_be_segment(named)) return quarantine(file);
    const auto row = known.find(named);
    const auto* its = row == known.end() ? nullptr : &row->second;
    if (is_part) return heal(named, its);
    // A file with its name is finished, whoever writes now: at most the note of it is still on its way.
    if (its != nullptr && its->state != store::SegmentState::open) return {};
    auto scanned = scan_segment(volume_.folder() / file);
    if (!scanned) return take_fault(file, scanned.error());
    if (!scanned->tail) return heal_named(file, its);
    return take(file, *scanned, its);
  }

  // A crash between the renaming and its row needs no more than the row; but a name without a tail is no
  // promise: back to a part, and healed like one.
  Status heal_named(const std::string& file, const store::Segment* row) {
    const auto path = volume_.folder() / file;
    if (auto status = settle_name(path, path.string() + part_ending); !status)
      return take_fault(file, status.error());
    return heal(file, row);
  }

  Status heal(const std::string& file, const store::Segment* row) {
    const Kept kept{row != nullptr ? row->bytes : 0};
    auto healed = heal_segment((volume_.folder() / file).string() + part_ending, kept);
    if (!healed && healed.error().code() == ErrorCode::not_found) {
      ++report_.removed;  // its row, if there is one, has no file now
      return {};
    }
    if (!healed) return take_fault(file + part_ending, healed.error());
    ++report_.healed;
    return take(file, *healed, row);
  }

  // What is no segment of ours is put aside; a disk that fails is another matter.
  Status take_fault(const std::string& file, const Error& error) {
    if (error.code() == ErrorCode::corrupt || error.code() == ErrorCode::already_exists ||
        error.code() == ErrorCode::unsupported)
      return quarantine(file);
    if (error.code() == ErrorCode::not_found) return {};
    return leave(file, error);
  }

  Status quarantine(const std::string& file) {
    auto name = put_into_quarantine(volume_, file);
    if (!name) return leave(file, name.error());
    report_.quarantined.push_back(std::move(*name));
    return {};
  }

  // A file or a folder of files. Their rows stay as they are: nobody knows better.
  Status leave(const std::string& name, const Error& error) {
    report_.unreadable.push_back(error.text());
    const bool is_part = name.ends_with(part_ending);
    const auto named = is_part ? name.substr(0, name.size() - std::string_view(part_ending).size()) : name;
    if (is_part) report_.unhealed.push_back(named);
    left_.insert(named);
    return {};
  }

  bool is_left(const std::string& file) const {
    for (path name = file; !name.empty(); name = name.parent_path())
      if (left_.contains(name.string())) return true;
    return false;
  }

  Status take(const std::string& file, const ScannedSegment& scanned, const store::Segment* row) {
    auto fresh = row_of(file, scanned);
    taken_.insert(fresh.camera_id);
    if (row != nullptr) {
      // The boot of the row is the file's: nothing else has that name.
      return index_.finish(fresh);
    }
    auto boot = boot_of(scanned.head);
    if (!boot) return std::move(boot).error();
    fresh.begin.boot = *boot;
    const store::BootMoment end{*boot, std::max(fresh.end_at, fresh.begin.at + 1ms)};
    auto there = index_.segments_in(fresh.camera_id, fresh.begin, end);
    if (!there) return std::move(there).error();
    // A copy of what is there already would be the same time twice.
    for (const auto& other : *there)
      if (other.begin == fresh.begin) return quarantine(file);
    fresh.is_protected = protected_.contains(file);
    auto id = index_.adopt(fresh);
    if (!id) return std::move(id).error();
    ++report_.adopted;
    return {};
  }

  Result<std::int64_t> boot_of(const SegmentHead& head) {
    std::optional<WallTime> zero;
    if (head.start) zero = *head.start - std::chrono::duration_cast<WallTime::duration>(in_boot(head.begin));
    new_boots_ = true;
    const auto known = index_.boots();
    if (!known) return known.error();
    auto number = index_.adopt_boot(head.boot_id, zero);
    if (!number ||
        std::any_of(known->begin(), known->end(), [&](const auto& boot) { return boot.id == head.boot_id; }))
      return number;
    // A gap that footage cuts must be at its place in time; where there is none yet, all are put in order at
    // once.
    const auto ledger = index_.gaps({.limit = 1});
    if (!ledger) return ledger.error();
    if (ledger->empty()) return number;
    if (auto status = index_.order_boots(order_.boot_id); !status) return std::move(status).error();
    return index_.boot(head.boot_id);
  }

  Status look_at_rows() {
    std::string after;
    for (;;) {
      auto rows = index_.by_file(after, page);
      if (!rows) return std::move(rows).error();
      if (rows->empty()) return {};
      after = rows->back().file;
      for (const auto& row : *rows) {
        order_.alive();
        if (auto status = expect_file(row); !status) return status;
      }
    }
  }

  Status expect_file(const store::Segment& row) {
    if (row.state == store::SegmentState::deleting) return {};
    if (row.state == store::SegmentState::open && order_.live) return {};
    if (is_left(row.file)) return {};
    const auto file = volume_.folder() / row.file;
    struct ::stat seen {};
    if (::lstat(file.c_str(), &seen) == 0) return expect_size(row, static_cast<std::uint64_t>(seen.st_size));
    if (errno != ENOENT && errno != ENOTDIR)
      return leave(row.file, errno_error(errno, "look at '" + file.string() + "'"));
    ++report_.missing;
    return lose(row, "the file is missing");
  }

  Status lose(const store::Segment& row, std::string detail) {
    auto id = index_.replace_by_gap(row.id, gap_of(row, std::move(detail)));
    if (!id) return std::move(id).error();
    report_.gaps.push_back(*id);
    return {};
  }

  // The file is right: the row is what may have been written long ago, or by a bad bit.
  Status expect_size(const store::Segment& row, std::uint64_t size) {
    if (row.state == store::SegmentState::open || row.bytes == size) return {};
    auto scanned = scan_segment(volume_.folder() / row.file);
    if (!scanned && scanned.error().code() == ErrorCode::corrupt) return give_up(row);
    if (!scanned) return leave(row.file, scanned.error());
    if (!scanned->tail) return heal_named(row.file, &row);
    return take(row.file, *scanned, &row);
  }

  Status give_up(const store::Segment& row) {
    if (auto status = quarantine(row.file); !status) return status;
    if (is_left(row.file)) return {};
    ++report_.missing;
    return lose(row, "the file is damaged: " + report_.quarantined.back());
  }

  Status put_in_order() {
    if (new_boots_)
      if (auto status = index_.order_boots(order_.boot_id); !status) return status;
    if (!order_.damaged_index.empty()) {
      auto saved = index_.salvage(order_.damaged_index);
      if (!saved) return std::move(saved).error();
      report_.salvaged = *saved;
    }
    for (const auto& camera : taken_)
      if (auto status = index_.join_ends(camera, least_unexplained); !status) return status;
    for (const auto& camera : order_.holes_of) {
      auto ids =
          index_.fill_holes(camera, least_unexplained, "what was known of this time was lost with the index");
      if (!ids) return std::move(ids).error();
      report_.gaps.insert(report_.gaps.end(), ids->begin(), ids->end());
    }
    return {};
  }

  store::SegmentIndex& index_;
  const Volume& volume_;
  const RecoveryOrder& order_;
  RecoveryReport report_;
  std::set<std::string> taken_;  // cameras with rows that were made of files
  std::set<std::string> left_;
  std::set<std::string> protected_;  // by the volume's list
  bool new_boots_ = false;
};

}  // namespace

Result<RecoveryReport> recover_footage(store::SegmentIndex& index, const Volume& volume,
                                       const RecoveryOrder& order) {
  return Recovery(index, volume, order).run();
}

Result<std::optional<std::int64_t>> heal_row(store::SegmentIndex& index, const Volume& volume,
                                             const std::string& file, bool row_is_all) {
  using Gap = std::optional<std::int64_t>;
  const auto row = index.segment_of_file(file);
  if (!row) return row.error();
  const Kept kept{*row ? (*row)->bytes : 0, row_is_all};
  auto healed = heal_segment((volume.folder() / file).string() + part_ending, kept);
  if (healed && *row)
    if (auto status = index.finish(row_of(file, *healed)); !status) return std::move(status).error();
  if (healed || (healed.error().code() == ErrorCode::not_found && !*row)) return Gap();
  const auto lose = [&](const std::string& why) -> Result<Gap> {
    auto id = index.replace_by_gap((*row)->id, gap_of(**row, why));
    if (!id) return std::move(id).error();
    return Gap(*id);
  };
  if (healed.error().code() == ErrorCode::not_found) return lose("no whole fragment was left of it");
  if (healed.error().code() != ErrorCode::corrupt) return healed.error();
  auto name = put_into_quarantine(volume, file + part_ending);
  if (!name) return std::move(name).error();
  if (!*row) return Gap();
  return lose("what was written is damaged: " + *name);
}

}  // namespace porchlight::record
