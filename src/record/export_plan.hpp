// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porchlight/record/footage_reader.hpp"
#include "record/file_digest.hpp"
#include "record/segment_file.hpp"
#include "record/segment_input.hpp"

namespace porchlight::record {

// A segment of which an export takes pictures.
struct ExportPart {
  store::Segment segment;
  std::filesystem::path file;
  std::uint64_t bytes = 0;            // up to the end of its last whole fragment
  std::optional<SegmentTail> tail;    // nothing: still open, or cut short
  std::chrono::milliseconds lead{0};  // from the segment's begin to its first picture: what is missing there
  std::chrono::milliseconds duration{0};   // from there
  std::vector<MissingTime> missing;        // behind its first picture
  std::chrono::milliseconds tolerance{0};  // what may lie between two pictures
  WallTime first() const { return *segment.start + lead; }
  WallTime end{};       // as its row says, where the file bears that out
  FileDigest digest{};  // of those bytes; filled in while the manifest is made
  // Nothing to hold without a tail. Known with the digest.
  bool checksum_holds() const { return !tail || tail->crc == digest.crc; }
};

// What an export is made of, found out before a byte is written.
struct ExportPlan {
  std::vector<ExportPart> parts;
  std::vector<store::Gap> gaps;
  media::AvParameters video;       // of the first part
  media::AvParameters audio;       // of the first part with sound; null: none
  bool parameters_change = false;  // size or parameter sets: they go into the stream
  bool quicktime = false;          // G.711, which MP4 does not hold
};

// Errors: not_found (nothing was recorded then), corrupt (nothing of it can be read), unsupported (codecs
// that one file cannot hold one after the other; a gap that its timestamps cannot span), cancelled.
Result<ExportPlan> plan_export(store::SegmentIndex& index, const std::filesystem::path& folder,
                               const ExportOrder& order, const std::stop_token& stop);

// Time of a segment that no film can show any more. What is said of the reason names no place on the disk: a
// manifest is given away.
store::Gap damaged_gap(const store::Segment& segment, WallTime from, WallTime to, ErrorCode why);

// Opens a segment for reading; its file may get its final name meanwhile.
Result<ExportPart> open_part(const std::filesystem::path& folder, const store::Segment& segment,
                             std::unique_ptr<SegmentInput>& input);

}  // namespace porchlight::record
