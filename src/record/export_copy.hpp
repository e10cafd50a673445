// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "porchlight/record/footage_reader.hpp"
#include "record/annex_b.hpp"
#include "record/export_file.hpp"
#include "record/export_plan.hpp"

namespace porchlight::record {

// Copies the packets of a plan's parts into one file, each at its place in the ledger's time. All it is given
// outlives it. One run each.
class ExportCopy {
 public:
  ExportCopy(const ExportOrder& order, const std::filesystem::path& folder, ExportPlan& plan,
             const std::function<void(const Progress&)>& progress, std::stop_token stop);

  // With a manifest, `file` is synced then. Fills in the parts' digests where a manifest is wanted. What of a
  // part turns out to be unreadable becomes a gap of the plan, and a part without anything readable leaves
  // it. Of the result, gaps and bytes are left to the caller.
  Result<Exported> run(const std::filesystem::path& file);

 private:
  // Where the packets of a part lie in time.
  struct Place {
    std::int64_t origin = 0;  // in ticks of its video
    std::int64_t offset = 0;  // µs in the export
  };

  Error given_up() const;
  Result<bool> copy_or_lose(ExportPart& part, const std::filesystem::path& file);
  void lose(const ExportPart& part, bool whole, ErrorCode why);
  Error unreadable(Error error);
  Status copy(ExportPart& part, const std::filesystem::path& file);
  Status digest(ExportPart& part);
  Status find_begin(const ExportPart& part, SegmentInput& input);
  Status copy_packets(const ExportPart& part, SegmentInput& input, const std::filesystem::path& file);
  Result<Place> begin(const ExportPart& part, const SegmentInput& input, const std::filesystem::path& file,
                      std::int64_t pts);
  bool is_lost(const ExportPart& part, const AVPacket& packet, const SegmentInput& input);
  void end_missing(const ExportPart& part, WallTime to);
  std::int64_t behind_end(const AVPacket& picture, const SegmentInput& input, const Place& place) const;
  Status put(AVPacket& packet, bool video, const SegmentInput& input, const Place& place);
  void tell(std::uint64_t done);

  const ExportOrder& order_;
  const std::filesystem::path& folder_;
  ExportPlan& plan_;
  const std::function<void(const Progress&)>& progress_;
  const std::stop_token stop_;
  Progress told_;
  std::uint64_t done_ = 0;  // of the parts before
  std::optional<AnnexB> filter_;
  std::unique_ptr<ExportFile> out_;
  std::size_t next_missing_ = 0;          // of the part's
  std::optional<WallTime> missing_from_;  // until the next keyframe
  std::optional<Error> unreadable_;       // what the last segment that cannot be read says
  Exported made_;
};

}  // namespace porchlight::record
