// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/trial.hpp"

#include <optional>

#include "name_check.hpp"
#include "porchlight/media/decoder.hpp"
#include "source.hpp"

namespace porchlight::camera {
namespace {

// Takes packets until the first picture.
class Trial {
 public:
  Trial(Clock& clock, std::chrono::milliseconds limit)
      : clock_(clock), begun_(clock.now()), deadline_(begun_ + limit) {}

  void take(const media::PacketPtr& packet) {
    ++packets_;
    if (!decoder_) {
      auto made = media::Decoder::create(*packet->stream);
      if (!made) {
        failure_ = std::move(made).error();
        return;
      }
      decoder_.emplace(std::move(*made));
    }
    const auto status = decoder_->decode(*packet, [&](const media::FramePtr& frame) {
      if (!sight_)
        sight_ = Sight{packet->stream->codec, frame->width, frame->height, clock_.now() - begun_, frame};
    });
    if (!status) failure_ = status.error();
  }

  bool go_on() const { return !sight_ && !failure_ && clock_.now() < deadline_; }

  Result<Sight> outcome(const Error& ended, const CameraOptions& options) const {
    if (sight_) return *sight_;
    if (failure_) return *failure_;
    if (packets_ > 0)
      return Error(ErrorCode::decode, "watch '" + options.printable_url() + "': " + std::to_string(packets_) +
                                          " packets came, and no picture out of them");
    if (ended.code() == ErrorCode::cancelled)
      return Error(ErrorCode::timeout, "watch '" + options.printable_url() + "': nothing was sent");
    return ended;
  }

 private:
  Clock& clock_;
  const MonotonicTime begun_;
  const MonotonicTime deadline_;
  std::optional<media::Decoder> decoder_;
  std::size_t packets_ = 0;
  std::optional<Sight> sight_;
  std::optional<Error> failure_;
};

}  // namespace

Result<Sight> try_camera(const CameraOptions& options, Clock& clock, std::chrono::milliseconds limit,
                         std::stop_token stop) {
  Trial trial(clock, limit);
  if (auto status = check_name(options); !status) return std::move(status).error();
  const PacketSink sink{[&](const media::PacketPtr& packet) { trial.take(packet); },
                        [&] { return trial.go_on(); }};
  auto pictures = options;
  pictures.audio = false;
  const auto ended = make_source(pictures, clock)->run(sink, stop);
  if (stop.stop_requested())
    return Error(ErrorCode::cancelled, "watch '" + options.printable_url() + "': stopped");
  return trial.outcome(ended, options);
}

}  // namespace porchlight::camera
