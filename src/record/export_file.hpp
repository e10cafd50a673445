// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::record {

// The MP4 (with G.711: QuickTime) that an export becomes: its index stands in front, so that a browser plays
// while it loads. Thread-bound. Made under the name it is given; a file that was there is overwritten.
class ExportFile {
 public:
  struct Tracks {
    const AVCodecParameters* video = nullptr;
    const AVCodecParameters* audio = nullptr;  // null: no sound
    bool parameters_in_band = false;           // `video` is in Annex B form
    bool quicktime = false;
    WallTime start{};  // of the first picture, for the file's date
  };
  static Result<std::unique_ptr<ExportFile>> create(const std::filesystem::path& file, const Tracks& tracks);
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  // Takes the packet's reference. Its times are microseconds since the first picture; one that goes back is
  // moved behind the one before it.
  Status write(media::MediaKind kind, AVPacket& packet);
  // Where the pictures written so far end, in microseconds since the first one.
  std::int64_t video_end() const noexcept { return video_end_; }
  std::uint64_t frames() const noexcept { return frames_; }  // of video
  // Index, data and, where the film is to outlive a power cut, sync.
  Status finish(bool durably);

 private:
  struct Muxer;
  struct Track {
    int index = -1;
    std::optional<std::int64_t> last{};  // decoding time
    std::int64_t next = 0;               // where sound that fills a gap would go on
  };
  ExportFile(std::string name, UniqueFd fd);
  Status begin(const Tracks& tracks);
  Status add_track(Track& track, const AVCodecParameters& parameters, unsigned tag, int rate);
  Status place_samples(AVPacket& packet);
  Status fill_with_silence(std::int64_t until);
  Status put(Track& track, AVPacket& packet);
  Status outcome(int code, const char* doing) const;

  const std::string name_;
  const UniqueFd fd_;  // to sync by
  std::unique_ptr<Muxer> muxer_;
  Track video_;
  Track audio_;
  int channels_ = 1;
  int silence_ = -1;  // the byte of silence where sound may have no holes; -1: it may
  std::int64_t video_end_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace porchlight::record
