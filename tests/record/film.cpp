// SPDX-License-Identifier: Apache-2.0
#include "film.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "porchlight/media/av.hpp"
#include "rtsp_server/picture_stamp.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::record::test {
namespace {

constexpr AVRational microseconds{1, 1'000'000};

class Player {
 public:
  explicit Player(const std::filesystem::path& file) {
    media::silence_libav();
    AVFormatContext* context = nullptr;
    EXPECT_GE(avformat_open_input(&context, file.c_str(), nullptr, nullptr), 0) << file;
    format_.reset(context);
    if (!format_) return;
    for (unsigned i = 0; i < format_->nb_streams; ++i)
      if (format_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) video_ = format_->streams[i];
    EXPECT_NE(video_, nullptr);
    const auto* codec = avcodec_find_decoder(video_->codecpar->codec_id);
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), video_->codecpar);
    decoder_->thread_count = 1;
    EXPECT_GE(avcodec_open2(decoder_.get(), codec, nullptr), 0);
  }

  AVFormatContext& format() { return *format_; }
  AVStream& video() { return *video_; }
  bool is_open() const { return decoder_ != nullptr; }

  // False at the end of the film.
  bool step(const std::function<void(const AVPacket&)>& coded,
            const std::function<void(FilmPicture)>& shown) {
    const auto packet = media::make_av_packet();
    const bool more = av_read_frame(format_.get(), packet.get()) >= 0;
    if (more) coded(*packet);
    if (more && packet->stream_index != video_->index) return true;
    EXPECT_GE(avcodec_send_packet(decoder_.get(), more ? packet.get() : nullptr), 0);
    const auto frame = media::make_av_frame();
    while (avcodec_receive_frame(decoder_.get(), frame.get()) >= 0) {
      EXPECT_EQ(frame->decode_error_flags, 0);
      shown({av_rescale_q(frame->pts, video_->time_base, microseconds),
             picture_stamp::read(frame->data[0], static_cast<std::size_t>(frame->linesize[0])).number,
             frame->width});
    }
    return more;
  }

 private:
  media::AvFormat format_;
  media::AvCodec decoder_;
  AVStream* video_ = nullptr;
};

std::string tag_of(unsigned tag) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(tag >> 8 * i & 0xff);
  return text;
}

bool is_index_in_front(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  const auto moov = text.str().find("moov");
  return moov != std::string::npos && moov < text.str().find("mdat");
}

}  // namespace

Film watch(const std::filesystem::path& file) {
  Film film;
  Player player(file);
  if (!player.is_open()) return film;
  const auto* brand = av_dict_get(player.format().metadata, "major_brand", nullptr, 0);
  film.format = brand == nullptr ? "" : brand->value;
  film.tag = tag_of(player.video().codecpar->codec_tag);
  film.index_in_front = is_index_in_front(file);
  std::map<int, std::int64_t> last;
  const auto coded = [&](const AVPacket& packet) {
    const auto& stream = *player.format().streams[packet.stream_index];
    const auto before = last.find(packet.stream_index);
    if (before != last.end() && packet.dts <= before->second) film.times_grow = false;
    last[packet.stream_index] = packet.dts;
    if (stream.index == player.video().index) {
      ++film.coded;
      return;
    }
    film.sound.push_back(
        {av_rescale_q(packet.pts, stream.time_base, microseconds),
         av_rescale_q(packet.duration, stream.time_base, microseconds),
         std::string(reinterpret_cast<const char*>(packet.data), static_cast<std::size_t>(packet.size))});
  };
  while (player.step(coded, [&](const FilmPicture& picture) { film.pictures.push_back(picture); }))
    ;
  return film;
}

FilmPicture jump_to(const std::filesystem::path& file, std::int64_t at) {
  Player player(file);
  FilmPicture found;
  if (!player.is_open()) return found;
  const auto ticks = av_rescale_q(at, microseconds, player.video().time_base);
  EXPECT_GE(av_seek_frame(&player.format(), player.video().index, ticks, AVSEEK_FLAG_BACKWARD), 0);
  bool there = false;
  while (!there && player.step([](const AVPacket&) {},
                               [&](const FilmPicture& picture) {
                                 if (!there) found = picture;
                                 there = there || picture.at >= at;
                               }))
    ;
  return found;
}

}  // namespace porchlight::record::test
