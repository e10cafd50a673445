// SPDX-License-Identifier: Apache-2.0
#include "v4l2_source.hpp"

#include <algorithm>
#include <cstring>

#include "input.hpp"
#include "porchlight/telemetry/log.hpp"
#include "url.hpp"
#include "v4l2_device.hpp"
#include "yuyv.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds nap{100};

AVCodecID codec_of(PixelFormat format) {
  if (format == PixelFormat::h264) return AV_CODEC_ID_H264;
  return format == PixelFormat::mjpeg ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_RAWVIDEO;
}

std::shared_ptr<const media::StreamInfo> describe(const V4l2Device::Mode& mode) {
  media::AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters) throw std::bad_alloc();
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = codec_of(mode.format);
  parameters->width = mode.width;
  parameters->height = mode.height;
  if (mode.format == PixelFormat::yuyv) {
    parameters->format = AV_PIX_FMT_YUV420P;
    parameters->color_range = mode.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    parameters->color_space = mode.bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  }
  auto info = std::make_shared<media::StreamInfo>();
  info->codec = avcodec_get_name(parameters->codec_id);
  info->width = mode.width;
  info->height = mode.height;
  info->fps = mode.fps;
  info->time_base_num = 1;
  info->time_base_den = 1'000'000;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

media::AvPacket packet_of(std::size_t size) {
  auto packet = media::make_av_packet();
  if (av_new_packet(packet.get(), static_cast<int>(size)) < 0) throw std::bad_alloc();
  return packet;
}

// Makes packets of the device's pictures. The bytes are copied: the device wants its buffers back.
class Packer {
 public:
  Packer(const V4l2Device::Mode& mode, const PacketSink& sink, const Clock& clock)
      : mode_(mode), sink_(sink), clock_(clock), stream_(describe(mode)) {}

  void take(const V4l2Device::Picture& picture) {
    if (picture.lost_before > 0) lost(picture.lost_before);
    const auto arrived = clock_.now();
    auto packet = mode_.format == PixelFormat::yuyv ? unpacked(picture) : copied(picture);
    if (!packet) return lost(1);
    const auto taken = picture.taken_us.value_or(arrived.time_since_epoch() / 1us);
    last_ = std::max(taken, last_ + 1);
    packet->pts = packet->dts = last_;
    sink_.packet(make_packet(std::move(packet), stream_, arrived));
  }

 private:
  void lost(std::uint64_t pictures) const {
    if (sink_.lost) sink_.lost(pictures);
  }

  media::AvPacket copied(const V4l2Device::Picture& picture) const {
    auto packet = packet_of(picture.size);
    std::memcpy(packet->data, picture.data, picture.size);
    if (mode_.format == PixelFormat::mjpeg || is_h264_keyframe(picture.data, picture.size))
      packet->flags |= AV_PKT_FLAG_KEY;
    return packet;
  }

  // Nothing when the picture is not whole.
  media::AvPacket unpacked(const V4l2Device::Picture& picture) const {
    const auto rows = static_cast<std::size_t>(mode_.height);
    if (picture.size < mode_.stride * (rows - 1) + std::size_t{2} * static_cast<std::size_t>(mode_.width))
      return nullptr;
    auto packet = packet_of(i420_size(mode_.width, mode_.height));
    yuyv_to_i420(picture.data, mode_.stride, mode_.width, mode_.height, packet->data);
    packet->flags |= AV_PKT_FLAG_KEY;
    return packet;
  }

  const V4l2Device::Mode mode_;
  const PacketSink& sink_;
  const Clock& clock_;
  const std::shared_ptr<const media::StreamInfo> stream_;
  std::int64_t last_ = 0;
};

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

void warn_of_other_size(const CameraOptions& asked, const V4l2Device::Mode& mode) {
  if (asked.width == 0 || (asked.width == mode.width && asked.height == mode.height)) return;
  telemetry::Logger("doorbell.camera", telemetry::Component::recording)
      .warning("camera does not have the size that is asked of it, taking its nearest",
               {{"camera_id", asked.id},
                {"asked", size_text(asked.width, asked.height)},
                {"taken", size_text(mode.width, mode.height)}});
}

}  // namespace

bool is_h264_keyframe(const std::uint8_t* data, std::size_t size) noexcept {
  for (std::size_t i = 0; i + 3 < size; ++i) {
    if (data[i] != 0 || data[i + 1] != 0 || data[i + 2] != 1) continue;
    const int kind = data[i + 3] & 31;
    if (kind == 5 || kind == 7) return true;
    if (kind >= 1 && kind <= 4) return false;
  }
  return false;
}

Error V4l2Source::run(const PacketSink& sink, std::stop_token stop) {
  Guard guard(sink, std::move(stop), clock_);
  auto device = V4l2Device::open(file_path(options_.url));
  if (!device) return std::move(device).error();
  const auto mode = device->configure(options_);
  if (!mode) return mode.error();
  warn_of_other_size(options_, *mode);
  if (auto s = device->start(); !s) return std::move(s).error();
  Packer packer(*mode, sink, clock_);
  const auto take = [&packer](const V4l2Device::Picture& picture) { packer.take(picture); };
  const std::string what = "read '" + options_.printable_url() + "'";
  guard.set_deadline(options_.stall);
  while (guard.go_on()) {
    const auto got = device->next(nap, take);
    if (!got) return got.error();
    if (*got) guard.set_deadline(options_.stall);
    if (guard.expired()) return Error(ErrorCode::timeout, what + ": no picture in time");
  }
  return Error(ErrorCode::cancelled, what + ": given up");
}

}  // namespace porchlight::camera
