// SPDX-License-Identifier: Apache-2.0
#include "live/hls_playlist.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace porchlight::live {
namespace {

// What the tags below need: EXT-X-MAP in playlists of more than I-frames.
constexpr const char* version = "#EXT-X-VERSION:6\n";
constexpr double least_bandwidth = 64'000;  // a player divides by it
constexpr double bandwidth_room = 1.2;      // a group may be larger than those seen

std::string seconds(Time time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.5f", std::chrono::duration<double>(time).count());
  return text.data();
}

// Rounded up: what is announced as the most must not be less than what comes.
std::string seconds_at_most(Time time) {
  return seconds(std::chrono::ceil<std::chrono::duration<std::int64_t, std::ratio<1, 100'000>>>(time));
}

std::string date(WallTime time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto whole = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

void append_part(std::string& text, const HlsPart& part, const HlsName& name) {
  text += "#EXT-X-PART:DURATION=" + seconds(part.duration) + ",URI=\"" + hls_file(name) + '"';
  if (part.independent) text += ",INDEPENDENT=YES";
  text += '\n';
}

void append_parts(std::string& text, const HlsSegment& segment, Quality quality) {
  for (std::size_t i = 0; i < segment.parts.size(); ++i)
    append_part(text, segment.parts[i], {HlsName::Kind::part, quality, segment.number, i});
}

void append_segment(std::string& text, const HlsSegment& segment, Quality quality, bool with_head,
                    bool with_parts) {
  if (segment.discontinuity) text += "#EXT-X-DISCONTINUITY\n";
  if (with_head)
    text += "#EXT-X-MAP:URI=\"" + hls_file({HlsName::Kind::head, quality, segment.head->number, 0}) + "\"\n";
  text += "#EXT-X-PROGRAM-DATE-TIME:" + date(segment.begun) + '\n';
  if (with_parts) append_parts(text, segment, quality);
  if (!segment.is_complete()) return;
  text += "#EXTINF:" + seconds(segment.duration) + ",\n" +
          hls_file({HlsName::Kind::segment, quality, segment.number, 0}) + '\n';
}

// Parts are of use near the end only.
std::size_t first_with_parts(const HlsWindow& window) {
  Time behind{};
  auto at = window.segments().size();
  while (at > window.first_listed() && behind < 3 * window.target())
    behind += window.segments()[--at].duration;
  return at;
}

}  // namespace

std::string multivariant_playlist(const std::vector<HlsRendition>& renditions) {
  std::string text = std::string("#EXTM3U\n") + version;
  for (const auto& rendition : renditions) {
    const auto bandwidth = std::max(least_bandwidth, rendition.bits_per_second * bandwidth_room);
    text += "#EXT-X-STREAM-INF:BANDWIDTH=" + std::to_string(std::llround(bandwidth)) + ",CODECS=\"" +
            rendition.codecs + "\",RESOLUTION=" + std::to_string(rendition.width) + 'x' +
            std::to_string(rendition.height) + '\n' +
            hls_file({HlsName::Kind::playlist, rendition.quality, 0, 0}) + '\n';
  }
  return text;
}

std::string media_playlist(const HlsWindow& window, Quality quality) {
  const auto& segments = window.segments();
  const auto part_target = seconds_at_most(window.part_target());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(window.target()).count();
  std::string text = std::string("#EXTM3U\n") + version;
  text += "#EXT-X-TARGETDURATION:" + std::to_string(whole) + '\n';
  text += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=" +
          seconds_at_most(window.part_target() * 3 + std::chrono::milliseconds{1}) +
          ",HOLD-BACK=" + std::to_string(3 * whole) + ".0\n";
  text += "#EXT-X-PART-INF:PART-TARGET=" + part_target + '\n';
  text += "#EXT-X-MEDIA-SEQUENCE:" + std::to_string(segments[window.first_listed()].number) + '\n';
  text += "#EXT-X-DISCONTINUITY-SEQUENCE:" + std::to_string(window.discontinuities()) + '\n';
  const auto with_parts = first_with_parts(window);
  const HlsHead* head = nullptr;
  for (auto i = window.first_listed(); i < segments.size(); ++i) {
    const auto& segment = segments[i];
    // One that has begun and has no part yet is told of by the hint alone.
    if (!segment.is_complete() && segment.parts.empty()) break;
    append_segment(text, segment, quality, segment.head.get() != head, i >= with_parts);
    head = segment.head.get();
  }
  const auto [number, part] = window.coming();
  return text + "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"" +
         hls_file({HlsName::Kind::part, quality, number, part}) + "\"\n";
}

}  // namespace porchlight::live
