// SPDX-License-Identifier: Apache-2.0
// A folder with footage and its index, made by the writer of segments and the index themselves.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "media/clip.hpp"
#include "porchlight/record/footage_reader.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record::test {

enum class Ending {
  closed,
  open,       // whole fragments, still called .part, row open
  cut_short,  // the same with half a fragment behind
};

struct Piece {
  std::string camera = "front";
  std::chrono::milliseconds at{0};  // since the house's beginning
  media::test::ClipShape shape{};
  std::string sound{};                     // aac, pcm_alaw; empty: none
  std::chrono::milliseconds sound_lag{0};  // so late comes the sound of a picture's time
  Ending ending = Ending::closed;
  bool indexed = true;
};

class FootageHouse {
 public:
  // `storage` is made when it is not there.
  explicit FootageHouse(std::filesystem::path storage);

  // The row as the index has it; its id is 0 when the piece is not indexed. Ends the test's program when it
  // cannot be made.
  store::Segment add(const Piece& piece);
  void add_gap(const std::string& camera, std::chrono::milliseconds from, std::chrono::milliseconds to,
               event::GapCause cause);

  WallTime wall(std::chrono::milliseconds since_begin) const;
  store::SegmentIndex& index() { return index_; }
  const std::filesystem::path& recordings() const { return recordings_; }
  std::filesystem::path key() const { return storage_ / "footage.key"; }
  const std::filesystem::path& storage() const { return storage_; }

 private:
  const std::filesystem::path storage_;
  const std::filesystem::path recordings_;
  std::unique_ptr<store::Database> database_;
  store::SegmentIndex index_;
  std::int64_t boot_ = 0;
};

// Packets of a tone, as long as the pictures of a shape.
std::vector<media::PacketPtr> encode_sound(const std::string& codec, std::chrono::milliseconds length);

}  // namespace porchlight::record::test
