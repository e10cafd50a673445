// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/inspection.hpp"

#include <algorithm>
#include <limits>

#include "clock_fit.hpp"
#include "name_check.hpp"
#include "porchlight/media/decoder.hpp"
#include "source.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

constexpr auto settling = 1s;

std::chrono::nanoseconds span(std::int64_t ticks, const media::StreamInfo& stream) {
  const AVRational base{stream.time_base_num, stream.time_base_den};
  return std::chrono::nanoseconds(av_rescale_q(ticks, base, AVRational{1, 1'000'000'000}));
}

// Watches the packets of one stream and the pictures that come out of them.
class Watch {
 public:
  Watch(Clock& clock, InspectionTime time)
      : clock_(clock), time_(time), begun_(clock.now()), deadline_(begun_ + time.most) {}

  void take(const media::PacketPtr& packet) {
    if (!first_) first_ = packet->arrived;
    last_ = packet->arrived;
    count_keyframes(*packet);
    count_rates(*packet);
    decode(packet);
  }

  bool go_on() const {
    if (failure_ || clock_.now() >= deadline_) return false;
    const bool long_enough = first_ && last_ - *first_ >= time_.least;
    return !long_enough || found_.pictures == 0 || !found_.gop;
  }

  Result<Inspection> outcome(const Error& ended, const CameraOptions& options) {
    if (failure_) return *failure_;
    if (found_.pictures > 0) return summary();
    const std::string what = "watch '" + options.printable_url() + "': ";
    if (packets_ > 0)
      return Error(ErrorCode::decode,
                   what + std::to_string(packets_) + " packets came, and no picture out of them");
    if (ended.code() == ErrorCode::cancelled) return Error(ErrorCode::timeout, what + "nothing was sent");
    return ended;
  }

 private:
  void count_keyframes(const media::Packet& packet) {
    ++packets_;
    if (!packet.keyframe) return;
    if (keyframe_) {
      const auto distance = packet.arrived - keyframe_at_;
      found_.gop_pictures = std::max(found_.gop_pictures.value_or(0), packets_ - *keyframe_);
      found_.gop = std::max(found_.gop.value_or(0ns), distance);
    }
    keyframe_ = packets_;
    keyframe_at_ = packet.arrived;
  }

  void count_rates(const media::Packet& packet) {
    if (packet.arrived - *first_ < settling) return;
    const std::int64_t pts = packet.data->pts;
    if (!settled_) {
      settled_ = packet.arrived;
      settled_pts_ = pts;
    } else {
      ++settled_packets_;
      settled_bytes_ += packet.size;
    }
    if (packet.stream->own_times && pts != AV_NOPTS_VALUE && settled_pts_ != AV_NOPTS_VALUE)
      times_.add(span(pts - settled_pts_, *packet.stream), packet.arrived - *settled_);
  }

  void decode(const media::PacketPtr& packet) {
    if (packet->stream != stream_) {
      stream_ = packet->stream;
      decoder_.reset();
      auto made = media::Decoder::create(*stream_);
      if (!made) {
        failure_ = std::move(made).error();
        return;
      }
      decoder_.emplace(std::move(*made));
    }
    const auto before = decoder_->lost();
    const auto status = decoder_->decode(*packet, [this](const media::FramePtr& frame) { see(*frame); });
    if (!status) failure_ = status.error();
    // What comes before the first keyframe is no damage.
    if (found_.pictures > 0) found_.damaged += decoder_->lost() - before;
  }

  void see(const media::Frame& frame) {
    if (found_.pictures++ == 0) found_.first_picture = clock_.now() - begun_;
    // Shown before one that came earlier.
    found_.b_frames = found_.b_frames || frame.arrived < newest_shown_;
    newest_shown_ = std::max(newest_shown_, frame.arrived);
    found_.width = frame.width;
    found_.height = frame.height;
  }

  Inspection summary() {
    found_.codec = stream_->codec;
    found_.watched = last_ - *first_;
    found_.fps_announced = stream_->fps > 0 ? stream_->fps : decoder_->announced_fps();
    if (settled_ && last_ > *settled_) {
      const double seconds = std::chrono::duration<double>(last_ - *settled_).count();
      found_.fps = static_cast<double>(settled_packets_) / seconds;
      found_.bitrate_bps = 8 * static_cast<double>(settled_bytes_) / seconds;
    }
    if (const auto line = times_.line()) {
      found_.drift_ms_per_second = line->drift_ms_per_second;
      found_.jitter_ms = line->jitter_ms;
    }
    return found_;
  }

  Clock& clock_;
  const InspectionTime time_;
  const MonotonicTime begun_;
  const MonotonicTime deadline_;
  std::shared_ptr<const media::StreamInfo> stream_;
  std::optional<media::Decoder> decoder_;
  std::optional<Error> failure_;
  Inspection found_;
  std::size_t packets_ = 0;
  std::optional<MonotonicTime> first_;
  MonotonicTime last_{};
  std::optional<std::size_t> keyframe_;  // number of the newest
  MonotonicTime keyframe_at_{};
  std::optional<MonotonicTime> settled_;  // where rates begin
  std::int64_t settled_pts_ = 0;
  std::size_t settled_packets_ = 0;
  std::size_t settled_bytes_ = 0;
  ClockFit times_;
  MonotonicTime newest_shown_ = MonotonicTime::min();
};

}  // namespace

Result<Inspection> inspect_camera(const CameraOptions& options, Clock& clock, InspectionTime time) {
  Watch watch(clock, time);
  if (auto status = check_name(options); !status) return status.error();
  const PacketSink sink{[&](const media::PacketPtr& packet) { watch.take(packet); },
                        [&] { return watch.go_on(); }};
  auto pictures = options;
  pictures.audio = false;
  const auto ended = make_source(pictures, clock)->run(sink, {});
  return watch.outcome(ended, options);
}

}  // namespace porchlight::camera
