// SPDX-License-Identifier: Apache-2.0
#include "file_source.hpp"

#include <algorithm>
#include <utility>

#include "input.hpp"
#include "url.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::camera {
namespace {

constexpr std::chrono::seconds read_deadline{10};  // a disk that hangs
constexpr std::chrono::milliseconds nap{100};      // between two looks at stop and go_on()
constexpr std::chrono::seconds hopelessly_late{1};
constexpr std::chrono::seconds longest_interleaving{2};  // a file's sound before its pictures

Input::Address address_of(const CameraOptions& options) {
  return {options.printable_url(),
          "file:" + file_path(options.url),
          {{"protocol_whitelist", "file"},
           // No playlists: they would make us open what they name.
           {"format_whitelist", "mov,matroska,mpegts,mpeg,avi,h264,hevc,mjpeg"}},
          Input::Probe::always,
          {},
          false,
          nullptr,
          options.audio};
}

std::int64_t frame_step(const media::StreamInfo& stream) {
  const double fps = stream.fps > 0 ? stream.fps : 25;
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(stream.time_base_den / (fps * stream.time_base_num)));
}

std::chrono::nanoseconds span(std::int64_t ticks, const media::StreamInfo& stream) {
  const AVRational base{stream.time_base_num, stream.time_base_den};
  return std::chrono::nanoseconds(av_rescale_q(ticks, base, AVRational{1, 1'000'000'000}));
}

Error given_up(const CameraOptions& options) {
  return Error(ErrorCode::cancelled, "read '" + options.printable_url() + "': given up");
}

}  // namespace

Error FileSource::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, stop, clock_);
  Timeline line;
  for (;;) {
    const auto before = line.end;
    Error end = play(sink, guard, stop, line);
    if (end.code() != ErrorCode::end_of_stream || !options_.loop) return end;
    if (line.end == before)
      return Error(ErrorCode::corrupt, "read '" + options_.printable_url() + "': no pictures in it");
  }
}

// One round.
Error FileSource::play(const PacketSink& sink, Guard& guard, const std::stop_token& stop,
                       Timeline& line) const {
  guard.set_deadline(read_deadline);
  auto input = Input::open(address_of(options_), guard);
  if (!input) return std::move(input).error();
  follow(line, (*input)->stream());
  follow_sound(line, (*input)->audio());
  for (bool first_of_round = true;;) {
    guard.set_deadline(read_deadline);
    auto data = (*input)->read();
    if (!data) return std::move(data).error();
    if (!(*input)->is_video()) {
      if (first_of_round || !place_sound(**data, line)) continue;
      sink.packet(make_packet(std::move(data).value(), line.sound, clock_.now()));
      continue;
    }
    place(**data, line, std::exchange(first_of_round, false));
    if (!keep_time(line, guard, stop)) return given_up(options_);
    sink.packet(make_packet(std::move(data).value(), line.stream, clock_.now()));
    if (!guard.go_on()) return given_up(options_);
  }
}

// The same stream object as before as long as a decoder may go on with it.
void FileSource::follow(Timeline& line, const std::shared_ptr<const media::StreamInfo>& stream) const {
  if (line.stream && same_coding(*line.stream, *stream)) return;
  line = Timeline{};
  line.stream = stream;
  line.frame_step = frame_step(*stream);
  line.begun = clock_.now();
}

void FileSource::follow_sound(Timeline& line, const std::shared_ptr<const media::StreamInfo>& sound) const {
  if (line.sound && sound && same_coding(*line.sound, *sound)) return;
  line.sound = sound;
  line.sound_end.reset();
}

// Moves it by as much as the pictures. False: it is not to be heard, for the round before lasted longer than
// its pictures.
bool FileSource::place_sound(AVPacket& packet, Timeline& line) const {
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = packet.pts;
  if (packet.pts == AV_NOPTS_VALUE) packet.pts = packet.dts;
  if (packet.pts == AV_NOPTS_VALUE) return false;
  const std::int64_t offset =
      av_rescale_q(line.offset, {line.stream->time_base_num, line.stream->time_base_den},
                   {line.sound->time_base_num, line.sound->time_base_den});
  packet.pts += offset;
  packet.dts += offset;
  if (line.sound_end && packet.dts < *line.sound_end) return false;
  // Only pictures keep time: sound that goes on after the last one would come all at once.
  const auto ahead = span(packet.dts, *line.sound) - span(line.last, *line.stream);
  if (ahead > longest_interleaving) return false;
  line.sound_end = packet.dts + std::max<std::int64_t>(packet.duration, 1);
  return true;
}

void FileSource::place(AVPacket& packet, Timeline& line, bool first_of_round) const {
  const std::int64_t next = line.first ? line.last + line.frame_step : 0;
  if (packet.pts == AV_NOPTS_VALUE)
    packet.pts = packet.dts != AV_NOPTS_VALUE ? packet.dts : next - line.offset;
  // The first packet is a keyframe, which is also the first to be shown.
  if (first_of_round) line.offset = line.end - packet.pts;
  packet.pts += line.offset;
  packet.dts = packet.dts == AV_NOPTS_VALUE ? std::min(next, packet.pts) : packet.dts + line.offset;
  // A file may count backwards or stand still; the stream does not.
  if (line.first) packet.dts = std::max(packet.dts, line.last + 1);
  packet.pts = std::max(packet.pts, packet.dts);
  line.last = packet.dts;
  line.end = std::max(line.end, packet.pts + (packet.duration > 0 ? packet.duration : line.frame_step));
  if (!line.first) line.first = packet.dts;
}

// Sleeps until the newest packet is due. False when told to give up.
bool FileSource::keep_time(Timeline& line, Guard& guard, const std::stop_token& stop) const {
  const auto due = line.begun + span(line.last - *line.first, *line.stream);
  const auto late = clock_.now() - due;
  // After a suspended machine, go on in step instead of rushing through what was missed.
  if (late > hopelessly_late) line.begun += late;
  for (;;) {
    if (!guard.go_on()) return false;
    const auto left = due - clock_.now();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    if (!clock_.sleep_for(std::min<std::chrono::nanoseconds>(left, nap), stop)) return false;
  }
}

}  // namespace porchlight::camera
