// SPDX-License-Identifier: Apache-2.0
// The parts of check_footage().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/record/footage_reader.hpp"
#include "porchlight/record/volume_lock.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record {

// A file beneath the folder that is not where only other things lie.
struct FoundFile {
  std::string name;  // beneath the folder, without .part
  bool part = false;
  std::uint64_t bytes = 0;
};
// In the order of their names; nothing of quarantine/ and the identity.
Result<std::vector<FoundFile>> find_footage_files(const std::filesystem::path& folder);

// What makes things good again. Each says what failed.
class Mender {
 public:
  Mender(store::SegmentIndex& index, const std::filesystem::path& folder) : index_(index), folder_(folder) {}

  // The row that a file wants, in place of the one it has.
  Status index_file(const std::string& name, const ScannedSegment& scanned);
  Status forget_row(const store::Segment& row, const std::string& why);
  Status finish_delete(const store::Segment& row);
  Status heal(const std::string& name, bool part, const store::Segment* row);
  Status cut(const std::string& name, std::uint64_t bytes);
  Status quarantine(const std::string& name, bool part);

 private:
  Result<store::BootMoment> begin_of(const SegmentHead& head);
  store::SegmentIndex& index_;
  const std::filesystem::path& folder_;
};

// Looks at files and rows, and mends where it is told to.
class FileCheck {
 public:
  FileCheck(store::SegmentIndex& index, const std::filesystem::path& folder, const CheckOrder& order,
            bool live, std::vector<FootageFault>& faults)
      : index_(index), folder_(folder), order_(order), live_(live), faults_(faults), mender_(index, folder) {}

  Status run(const std::function<void(const Progress&)>& progress);

 private:
  using Mend = std::function<Status()>;
  void report(FootageFault fault, const Mend& mend);
  Status read_rows();
  void look_at_all(const std::vector<FoundFile>& files, const std::function<void(const Progress&)>& progress);
  bool is_in_camera_folder(const FoundFile& file);
  void look_at(const FoundFile& file);
  void look_at_stranger(const FoundFile& file);
  void look_at_part(const FoundFile& file, const store::Segment* row);
  void look_inside(const FoundFile& file, const ScannedSegment& scanned, const store::Segment* row);
  void compare(const FoundFile& file, const ScannedSegment& scanned, const store::Segment& row);
  bool is_followed(const store::Segment& row);
  void look_for_missing();
  bool is_being_made(const FoundFile& file);
  std::string camera_of(const std::string& name, const store::Segment* row) const;

  store::SegmentIndex& index_;
  const std::filesystem::path& folder_;
  const CheckOrder& order_;
  const bool live_;
  std::vector<FootageFault>& faults_;
  Mender mender_;
  std::map<std::string, store::Segment> rows_;  // by file
  std::map<std::string, bool> seen_;            // files that are there
  std::vector<std::string> known_;              // the index's cameras
  std::map<std::string, bool> camera_folders_;  // at the top: whether it is one
};

// overlap, gap_over_footage, unexplained_time.
Status check_times(store::SegmentIndex& index, const CheckOrder& order, std::vector<FootageFault>& faults);

}  // namespace porchlight::record
