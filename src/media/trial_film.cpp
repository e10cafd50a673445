// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/trial_film.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "porchlight/media/av.hpp"
#include "porchlight/media/jpeg.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
}

namespace porchlight::media {
namespace {

using namespace std::chrono_literals;

constexpr int width = 320;
constexpr int height = 180;
constexpr auto pace = 100ms;
constexpr int pictures = 80;
constexpr int empty = 40;  // of these, before somebody comes: the picture has to settle first
constexpr int who_width = 32;
constexpr int who_top = 80;
constexpr int who_bottom = 144;
constexpr int step = 5;  // samples from one picture to the next

// The little noise of a camera by day: another number for each sample of each picture.
int noise_at(int x, int y, int picture) {
  auto bits = static_cast<std::uint32_t>(x) * 73'856'093U ^ static_cast<std::uint32_t>(y) * 19'349'663U ^
              static_cast<std::uint32_t>(picture) * 83'492'791U;
  bits = (bits ^ bits >> 13) * 0x5BD1E995U;
  return static_cast<int>((bits ^ bits >> 15) % 5) - 2;
}

int brightness(int x, int y, int picture) {
  const int left = -who_width + step * (picture - empty);
  const bool who = picture >= empty && x >= left && x < left + who_width && y >= who_top && y < who_bottom;
  return who ? 30 : 100 + 40 * ((x / 3 + y / 5) % 2) + noise_at(x, y, picture);
}

Frame painted(int picture) {
  auto image = make_av_frame();
  image->format = AV_PIX_FMT_YUVJ420P;
  image->width = width;
  image->height = height;
  if (av_frame_get_buffer(image.get(), 0) < 0) throw std::bad_alloc();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image->data[0][y * image->linesize[0] + x] = static_cast<std::uint8_t>(brightness(x, y, picture));
  for (const int plane : {1, 2})
    std::fill_n(image->data[plane], image->linesize[plane] * (height / 2), std::uint8_t{128});
  Frame frame;
  frame.picture = std::shared_ptr<const AVFrame>(image.release(), AvDeleter{});
  frame.width = width;
  frame.height = height;
  return frame;
}

std::shared_ptr<const StreamInfo> stream() {
  AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters) throw std::bad_alloc();
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_MJPEG;
  parameters->width = width;
  parameters->height = height;
  auto info = std::make_shared<StreamInfo>();
  info->codec = avcodec_get_name(parameters->codec_id);
  info->width = width;
  info->height = height;
  info->fps = 1s / pace;
  info->time_base_num = 1;
  info->time_base_den = 1000;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), AvDeleter{});
  return info;
}

PacketPtr packet_of(const std::vector<std::uint8_t>& jpeg, std::shared_ptr<const StreamInfo> info,
                    int picture, MonotonicTime arrived) {
  auto data = make_av_packet();
  if (av_new_packet(data.get(), static_cast<int>(jpeg.size())) < 0) throw std::bad_alloc();
  std::memcpy(data->data, jpeg.data(), jpeg.size());
  data->pts = data->dts = picture * std::chrono::milliseconds(pace).count();
  data->flags |= AV_PKT_FLAG_KEY;
  auto packet = std::make_shared<Packet>();
  packet->stream = std::move(info);
  packet->arrived = arrived;
  packet->keyframe = true;
  packet->size = jpeg.size();
  packet->data = std::shared_ptr<const AVPacket>(data.release(), AvDeleter{});
  return packet;
}

}  // namespace

Result<std::vector<PacketPtr>> trial_film(MonotonicTime end) {
  auto encoder = JpegEncoder::create();
  if (!encoder) return std::move(encoder).error();
  const auto info = stream();
  std::vector<PacketPtr> film;
  for (int picture = 0; picture < pictures; ++picture) {
    auto jpeg = encoder->encode(painted(picture));
    if (!jpeg) return std::move(jpeg).error();
    film.push_back(packet_of(*jpeg, info, picture, end - pace * (pictures - 1 - picture)));
  }
  return film;
}

}  // namespace porchlight::media
