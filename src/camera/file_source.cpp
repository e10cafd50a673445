// SPDX-License-Identifier: Apache-2.0
#include "file_source.hpp"

#include <algorithm>

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

Input::Address address_of(const CameraOptions& options) {
  return {options.url,
          "file:" + file_path(options.url),
          {{"protocol_whitelist", "file"},
           // No playlists: they would make us open what they name.
           {"format_whitelist", "mov,matroska,mpegts,mpeg,avi,h264,hevc,mjpeg"}},
          /*probe=*/true};
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
  return Error(ErrorCode::cancelled, "read '" + options.url + "': given up");
}

}  // namespace

Error FileSource::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, stop, clock_);
  guard.set_deadline(read_deadline);
  auto input = Input::open(address_of(options_), guard);
  if (!input) return std::move(input).error();
  return play(**input, sink, guard, stop);
}

Error FileSource::play(Input& input, const PacketSink& sink, Guard& guard,
                       const std::stop_token& stop) const {
  const std::int64_t step = frame_step(*input.stream());
  Timeline line;
  bool first_of_pass = true;
  for (;;) {
    guard.set_deadline(read_deadline);
    auto data = input.read();
    if (!data) {
      if (data.error().code() != ErrorCode::end_of_stream || !options_.loop) return std::move(data).error();
      if (first_of_pass) return Error(ErrorCode::corrupt, "read '" + options_.url + "': no pictures in it");
      if (auto s = input.rewind(); !s) return std::move(s).error();
      first_of_pass = true;
      continue;
    }
    place(**data, line, first_of_pass, step);
    first_of_pass = false;
    if (!keep_time(line, *input.stream(), guard, stop)) return given_up(options_);
    sink.packet(make_packet(std::move(data).value(), input.stream(), clock_.now()));
    if (!guard.go_on()) return given_up(options_);
  }
}

void FileSource::place(AVPacket& packet, Timeline& line, bool first_of_pass, std::int64_t step) const {
  if (!line.first) line.begun = clock_.now();
  const std::int64_t next = line.first ? line.last + line.step : 0;
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = packet.pts;
  std::int64_t own = packet.dts == AV_NOPTS_VALUE ? next - line.offset : packet.dts;
  if (first_of_pass) line.offset = next - own;
  // A file may count backwards or stand still; the stream does not.
  std::int64_t dts = std::max(own + line.offset, line.first ? line.last + 1 : 0);
  packet.pts = packet.pts == AV_NOPTS_VALUE ? dts : dts + (packet.pts - own);
  packet.dts = dts;
  line.last = dts;
  line.step = packet.duration > 0 ? packet.duration : step;
  if (!line.first) line.first = dts;
}

bool FileSource::keep_time(Timeline& line, const media::StreamInfo& stream, Guard& guard,
                           const std::stop_token& stop) const {
  const auto due = line.begun + span(line.last - *line.first, stream);
  const auto late = clock_.now() - due;
  // After a suspended machine, go on in step instead of rushing through what was missed.
  if (late > hopelessly_late) line.begun += late;
  return wait_until(due, guard, stop);
}

bool FileSource::wait_until(MonotonicTime due, Guard& guard, const std::stop_token& stop) const {
  for (;;) {
    if (!guard.go_on()) return false;
    const auto left = due - clock_.now();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    if (!clock_.sleep_for(std::min<std::chrono::nanoseconds>(left, nap), stop)) return false;
  }
}

}  // namespace porchlight::camera
