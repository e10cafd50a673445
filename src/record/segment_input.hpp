// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

struct AVStream;

namespace porchlight::record {

// The packets of one segment, also of one that is still being written: libavformat sees only the first
// `bytes` of the file, up to the end of its last whole fragment. Thread-bound.
class SegmentInput {
 public:
  // Errors: not_found, io, corrupt.
  static Result<std::unique_ptr<SegmentInput>> open(const std::filesystem::path& file, std::uint64_t bytes);

  const AVStream& video() const noexcept { return *video_; }
  const AVStream* audio() const noexcept { return audio_; }  // null: no sound
  // Presentation of the first picture, in ticks of the video stream.
  std::int64_t zero() const noexcept { return zero_; }

  // The next packet read is the keyframe at or before this presentation (ticks of the video stream), or the
  // first one.
  Status seek(std::int64_t pts);
  // False at the end. Packets of pictures and of sound only, in the order of the file. After a read of the
  // file that failed there is no further packet.
  Result<bool> read(AVPacket& packet);
  // How far into the file reading has come, in bytes.
  std::uint64_t position() const noexcept;

 private:
  SegmentInput(std::string name, UniqueFd fd, std::uint64_t bytes);
  Status connect();
  Result<std::int64_t> next_keyframe();
  Status rewind();
  Error explain(int code, const char* doing) const;
  static int on_read(void* opaque, std::uint8_t* into, int room);
  static std::int64_t on_seek(void* opaque, std::int64_t offset, int whence);

  const std::string name_;
  const UniqueFd fd_;
  const std::int64_t bytes_;
  std::int64_t at_ = 0;
  int failed_ = 0;     // libav's code of a read that failed
  int broken_ = 0;     // of one that failed while the fragments were looked for
  media::AvBytes io_;  // outlives the format
  media::AvFormat format_;
  AVStream* video_ = nullptr;
  AVStream* audio_ = nullptr;
  std::int64_t zero_ = 0;
};

// What a decoder needs to know of the pictures.
Result<std::shared_ptr<const media::StreamInfo>> picture_stream(const SegmentInput& input);

}  // namespace porchlight::record
