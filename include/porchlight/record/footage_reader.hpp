// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record {

// The file in which a segment's bytes are now: its name, or `.part` while it is open.
std::filesystem::path file_on_disk(const std::filesystem::path& folder, const store::Segment& segment);

// Of an interval of one camera: what lies in it, in order.
struct Footage {
  std::vector<store::Segment> segments;
  std::vector<store::Gap> gaps;
};
Result<Footage> footage_of(store::SegmentIndex& index, const std::string& camera_id, WallTime from,
                           WallTime to);

struct Progress {
  std::uint64_t done = 0;  // bytes of media
  std::uint64_t all = 0;
};

struct ExportOrder {
  std::string camera_id;
  WallTime from{};
  WallTime to{};
  std::filesystem::path
      out;  // the MP4; the manifest lies beside it as <out>.manifest.json with .sig and .pem
  bool signed_manifest = true;
};
struct Exported {
  WallTime start{};  // of the first picture: the keyframe at or before `from`
  WallTime end{};
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;
  std::vector<std::string> files;  // of the segments
  std::vector<store::Gap> gaps;    // within
};
// One MP4 of the interval, nothing encoded anew; where the codec's parameters change, they stand in the
// stream. Written under `.part`, synced, renamed. `progress` may be empty. Errors: not_found (nothing was
// recorded then), cancelled, io, corrupt.
Result<Exported> export_footage(store::SegmentIndex& index, const std::filesystem::path& folder,
                                const std::filesystem::path& key_file, const ExportOrder& order,
                                const std::function<void(const Progress&)>& progress, std::stop_token stop);

// The first picture at or after an instant within a segment, as JPEG of at most `width` pixels.
Result<std::string> thumbnail(const std::filesystem::path& file, std::chrono::milliseconds into, int width);

// What `porchlight footage check` finds. The names of faults are in docs/storage.md.
struct FootageFault {
  std::string name;  // missing_file, unindexed_file, torn_tail, bad_box, bad_crc, wrong_size, overlap,
                     // unexplained_time, …
  std::string camera_id;
  std::string file;  // may be empty
  std::string detail;
  bool mendable = false;
  bool mended = false;
};
struct CheckOrder {
  bool deep = false;    // reads every byte
  bool repair = false;  // only while no daemon records into the folder
};
Result<std::vector<FootageFault>> check_footage(store::SegmentIndex& index,
                                                const std::filesystem::path& folder, const CheckOrder& order,
                                                const std::function<void(const Progress&)>& progress);

}  // namespace porchlight::record
