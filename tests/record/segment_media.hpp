// SPDX-License-Identifier: Apache-2.0
// Real streams for segments, made by libavcodec's encoders, and a reader that is independent of ours:
// libavformat's. Each picture carries its number (rtsp_server/picture_stamp.hpp).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "media/clip.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record::test {

using Stream = std::shared_ptr<const media::StreamInfo>;
using Packets = std::vector<media::PacketPtr>;

// Pictures as a camera sends them: `arrived` is when their turn comes. `encoder` may be mjpeg, too.
std::optional<Packets> pictures(const media::test::ClipShape& shape);
// A tone. `encoder`: aac, libopus, pcm_alaw, pcm_mulaw.
enum class Wrap { bare, adts };
std::optional<Packets> sound(const char* encoder, double seconds, Wrap wrap = Wrap::bare);

// The packet again, changed; its bytes are shared.
media::PacketPtr changed(const media::PacketPtr& packet, const std::function<void(AVPacket&)>& change);
media::PacketPtr moved(const media::PacketPtr& packet, std::chrono::milliseconds later);  // its arrival
// All of one stream, under another description.
Packets described(const Packets& packets, const std::function<void(media::StreamInfo&)>& change);

SegmentHead head();
inline const std::string file_name = "front/2026-11-26/15-04-05.000Z.mp4";

// Appends all by arrival and writes a fragment whenever 800 ms wait. The first error ends it.
Status fill(SegmentWriter& writer, const Packets& video, const Packets& audio = {});
Result<SegmentTail> write_segment(const std::filesystem::path& folder, const std::string& file,
                                  const Packets& video, const Packets& audio = {});

// What libavformat and libavcodec make of a file.
struct Seen {
  std::string error;                   // empty: it could be opened
  std::vector<std::uint64_t> numbers;  // of the decoded pictures, in the order in which they are shown
  std::vector<double> shown;           // s, of the packets' pts, sorted
  std::size_t damaged = 0;
  std::uint64_t sound_bytes = 0;
  double sound_begins = -1;  // s
  double sound_lasts = 0;    // s of decoded samples
  bool sound_failed = false;
};
Seen see(const std::filesystem::path& file);
// Seconds at which the keyframe lies that a reader gets who seeks to `at`; negative: it fails.
double seek(const std::filesystem::path& file, double at);

std::string bytes_of_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& bytes);

// 0, 1, … count - 1.
std::vector<std::uint64_t> numbers_up_to(std::size_t count);

}  // namespace porchlight::record::test
