// SPDX-License-Identifier: Apache-2.0
#include "exec_source.hpp"

#include <algorithm>

#include "input.hpp"
#include "program.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/error.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

// Programs open a sensor or a connection of their own first.
constexpr std::chrono::seconds open_deadline{10};
constexpr std::chrono::milliseconds nap{100};
// As much as the queue behind us holds: one picture that is larger would be no picture.
constexpr std::size_t most_without_picture = std::size_t{8} << 20;
constexpr std::chrono::milliseconds patience_at_end{100};  // its output closes a moment before it ends
constexpr int most_per_second = 120;
constexpr int burst = 60;  // pictures that were waiting come at once

// libavformat's way to the program's output.
class OutputReader {
 public:
  OutputReader(Program& program, Guard& guard) : program_(program), guard_(guard) {}

  int read(std::uint8_t* into, int room) {
    while (guard_.go_on() && !guard_.expired()) {
      if (since_picture_ > most_without_picture) {
        overrun_ = true;
        return AVERROR_INVALIDDATA;
      }
      const auto got = program_.read(into, static_cast<std::size_t>(room), nap);
      if (got.kind == Program::Output::nothing_yet) continue;
      ended_ = got.kind == Program::Output::end;
      if (ended_) return AVERROR_EOF;
      since_picture_ += got.size;
      return static_cast<int>(got.size);
    }
    return AVERROR_EXIT;
  }

  void picture() noexcept { since_picture_ = 0; }
  bool ended() const noexcept { return ended_; }
  bool overrun() const noexcept { return overrun_; }

 private:
  Program& program_;
  Guard& guard_;
  std::size_t since_picture_ = 0;
  bool ended_ = false;
  bool overrun_ = false;
};

Input::Address address_of(const CameraOptions& options, OutputReader& reader) {
  Input::Address address;
  address.name = options.printable_url();
  address.options = {{"format_whitelist", "h264,hevc,mpegts"},
                     // What comes without a picture's beginning for so long is no video.
                     {"probesize", "1048576"},
                     // Else twenty pictures would be held back to guess a rate.
                     {"fpsprobesize", "0"},
                     {"analyzeduration", "1000000"}};
  address.probe = Input::Probe::if_streams_are_unknown;
  address.audio = options.audio;
  address.bytes = [&reader](std::uint8_t* into, int room) { return reader.read(into, room); };
  return address;
}

// Annex B has no time in it, and libavformat's 25 frames/s are an invention: a picture's time is when it
// came, in microseconds.
class ArrivalTimes {
 public:
  explicit ArrivalTimes(MonotonicTime begun) : begun_(begun) {}

  static std::shared_ptr<const media::StreamInfo> stream(const media::StreamInfo& announced) {
    auto info = std::make_shared<media::StreamInfo>(announced);
    info->fps = 0;
    info->own_times = false;
    info->time_base_num = 1;
    info->time_base_den = 1'000'000;
    return info;
  }

  void stamp(AVPacket& packet, MonotonicTime arrived) {
    last_ = std::max<std::int64_t>(last_ + 1, (arrived - begun_) / 1us);
    packet.pts = packet.dts = last_;
    packet.duration = 0;
  }

 private:
  const MonotonicTime begun_;
  std::int64_t last_ = -1;
};

// Lets a program wait that writes faster than any camera.
class Pace {
 public:
  Pace(Clock& clock, Guard& guard) : clock_(clock), guard_(guard), next_(clock.now()) {}

  void keep() {
    constexpr std::chrono::nanoseconds step = std::chrono::nanoseconds(1s) / most_per_second;
    next_ = std::max(next_ + step, clock_.now() - burst * step);
    while (guard_.go_on() && clock_.now() < next_)
      clock_.sleep_for(std::min<std::chrono::nanoseconds>(next_ - clock_.now(), nap), {});
  }

 private:
  Clock& clock_;
  Guard& guard_;
  MonotonicTime next_;
};

// What the program did is the better explanation of what was read.
Error explain(Error error, const OutputReader& reader, Program& program, const CameraOptions& options) {
  const std::string what = "run '" + options.command.front() + "'";
  if (reader.ended()) return Error(ErrorCode::end_of_stream, what + ": " + program.finish(patience_at_end));
  const auto words = program.last_words();
  const std::string said = words.empty() ? "" : "; it says: " + words;
  if (reader.overrun()) return Error(ErrorCode::corrupt, what + ": 8 MiB without a picture in them" + said);
  // libavformat recognised something else.
  if (error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::corrupt)
    return Error(ErrorCode::corrupt, what + ": its output is neither H.264, H.265 nor MPEG-TS" + said);
  return Error(error.code(), error.text() + said);
}

}  // namespace

Error ExecSource::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, std::move(stop), clock_);
  const Program::Order order{options_.id, options_.command, {"PORCHLIGHT_CAMERA=" + options_.id}};
  auto program = Program::start(order);
  if (!program) return std::move(program).error();
  if (sink.child) sink.child(program->pid());
  Error error = read_pictures(*program, sink, guard);
  if (sink.child) sink.child(0);
  return error;
}

Error ExecSource::read_pictures(Program& program, const PacketSink& sink, Guard& guard) const {
  OutputReader reader(program, guard);
  guard.set_deadline(std::max<std::chrono::nanoseconds>(open_deadline, options_.stall));
  auto input = Input::open(address_of(options_, reader), guard);
  if (!input) return explain(std::move(input).error(), reader, program, options_);
  const bool timeless = !(*input)->tells_time();
  auto stream = timeless ? ArrivalTimes::stream(*(*input)->stream()) : (*input)->stream();
  ArrivalTimes times(clock_.now());
  Pace pace(clock_, guard);
  guard.set_deadline(options_.stall);
  for (;;) {
    auto data = (*input)->read();
    if (!data) return explain(std::move(data).error(), reader, program, options_);
    const bool is_picture = (*input)->is_video();
    const auto arrived = clock_.now();
    if (timeless)
      times.stamp(**data, arrived);
    else
      stream = (*input)->stream();
    sink.packet(make_packet(std::move(data).value(), stream, arrived));
    if (is_picture) {
      reader.picture();
      pace.keep();
      guard.set_deadline(options_.stall);
    }
    if (!guard.go_on())
      return Error(ErrorCode::cancelled, "read '" + options_.printable_url() + "': given up");
  }
}

}  // namespace porchlight::camera
