// SPDX-License-Identifier: Apache-2.0
// Footage on a disk, made by the real writer, in every state in which a crash may leave it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "base/temporary_folder.hpp"
#include "porchlight/record/protection.hpp"
#include "porchlight/record/volume.hpp"
#include "record/segment_file.hpp"
#include "record/segment_media.hpp"

namespace porchlight::record::test {

inline MonotonicTime at_ms(std::int64_t ms) {
  return MonotonicTime{std::chrono::milliseconds(ms)};
}
inline WallTime wall_at(std::int64_t second) {
  return WallTime{std::chrono::seconds(1'764'000'000 + second)};
}

// Three seconds of small pictures, each a keyframe.
inline const Packets& short_clip() {
  static const auto clip = pictures(
      {.frames = 30, .fps = 10, .keyframe_interval = 1, .width = 640, .height = 32, .encoder = "mjpeg"});
  return *clip;
}

enum class Left {
  part,      // written and synced, no tail
  finished,  // as it should be
};

// `zero`: the believed time of the boot's zero. Gives the file's name without .part.
inline std::string make_segment(const std::filesystem::path& folder, const std::string& boot_id,
                                std::int64_t begin_ms, std::optional<WallTime> zero = wall_at(0),
                                Left left = Left::finished, const std::string& camera = "front") {
  SegmentHead head;
  head.camera_id = camera;
  head.boot_id = boot_id;
  head.begin = at_ms(begin_ms);
  if (zero) head.start = *zero + std::chrono::milliseconds(begin_ms);
  head.version = "test";
  const auto file = Volume::file_of(camera, head.start, boot_id, head.begin);
  auto writer = SegmentWriter::create(folder, file, head, short_clip().front()->stream, nullptr);
  if (!writer) {
    ADD_FAILURE() << writer.error().text();
    return file;
  }
  EXPECT_TRUE(fill(**writer, short_clip()));
  if (left == Left::finished) {
    const auto tail = (*writer)->finish();
    EXPECT_TRUE(tail) << tail.error().text();
    return file;
  }
  EXPECT_TRUE((*writer)->write());
  EXPECT_TRUE((*writer)->sync());
  (*writer)->abandon();
  return file;
}

// Bytes of a segment before its second fragment.
inline std::uint64_t end_of_first_fragment(const std::filesystem::path& file) {
  const auto bytes = bytes_of_file(file);
  const auto first = bytes.find("moof");
  const auto second = bytes.find("moof", first + 4);
  EXPECT_NE(second, std::string::npos);
  return second == std::string::npos ? 0 : second - 4;
}

// All files beneath, but the identity and the list of what is protected, by their names beneath the folder.
inline std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename() != Volume::identity_file &&
        entry.path().filename() != protection_file)
      names.insert(std::filesystem::relative(entry.path(), folder).string());
  return names;
}

inline void append_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::app) << bytes;
}

}  // namespace porchlight::record::test
