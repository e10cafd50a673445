// SPDX-License-Identifier: Apache-2.0
// `picture_numbers FILE…`: decodes the video of each file with libavcodec (nothing of Porchlight's) and
// prints what is burned into its pictures (picture_stamp.hpp). Per file one line
//   file PATH CODEC AUDIO-CODEC-OR-- AUDIO-PACKETS
// and before it, for each picture in the order of display,
//   picture MS NUMBER CLOCK-MS WIDTH ok|damaged|unreadable
// MS counts from the first timestamp of the file; `damaged`: the decoder says so; `unreadable`: the squares
// do not add up. A file that is cut short is read as far as it goes. Exit 1: one could not be opened.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "picture_stamp.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace {

using porchlight::picture_stamp::Stamp;

struct Reader {
  AVFormatContext* input = nullptr;
  AVCodecContext* decoder = nullptr;
  AVPacket* packet = av_packet_alloc();
  AVFrame* picture = av_frame_alloc();
  int video = -1;
  int audio = -1;
  std::uint64_t sounds = 0;
  std::int64_t begin = AV_NOPTS_VALUE;

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    av_frame_free(&picture);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    avformat_close_input(&input);
  }
};

bool open(Reader& reader, const char* path) {
  if (avformat_open_input(&reader.input, path, nullptr, nullptr) < 0) return false;
  if (avformat_find_stream_info(reader.input, nullptr) < 0) return false;
  const AVCodec* codec = nullptr;
  reader.video = av_find_best_stream(reader.input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  reader.audio = av_find_best_stream(reader.input, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (reader.video < 0 || codec == nullptr) return false;
  reader.decoder = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(reader.decoder, reader.input->streams[reader.video]->codecpar);
  return avcodec_open2(reader.decoder, codec, nullptr) >= 0;
}

const char* judgement(const AVFrame& picture, const Stamp& stamp) {
  if (picture.decode_error_flags != 0 || (picture.flags & AV_FRAME_FLAG_CORRUPT) != 0) return "damaged";
  return stamp.whole ? "ok" : "unreadable";
}

void print(Reader& reader) {
  const AVFrame& picture = *reader.picture;
  if (picture.width < 640 || picture.height < 32) {
    std::printf("picture 0 0 0 %d unreadable\n", picture.width);
    return;
  }
  const AVRational base = reader.input->streams[reader.video]->time_base;
  const std::int64_t at = av_rescale_q(picture.best_effort_timestamp, base, AVRational{1, 1000});
  if (reader.begin == AV_NOPTS_VALUE) reader.begin = at;
  const auto stamp =
      porchlight::picture_stamp::read(picture.data[0], static_cast<std::size_t>(picture.linesize[0]));
  std::printf("picture %" PRId64 " %" PRIu64 " %" PRIu64 " %d %s\n", at - reader.begin, stamp.number,
              stamp.clock_ms, picture.width, judgement(picture, stamp));
}

// `packet` null: what the decoder still holds.
void decode(Reader& reader, const AVPacket* packet) {
  if (avcodec_send_packet(reader.decoder, packet) < 0)
    std::printf("picture 0 0 0 0 damaged\n");
  else
    while (avcodec_receive_frame(reader.decoder, reader.picture) >= 0) print(reader);
}

bool read(const char* path) {
  Reader reader;
  if (!open(reader, path)) return false;
  while (av_read_frame(reader.input, reader.packet) >= 0) {
    if (reader.packet->stream_index == reader.video) decode(reader, reader.packet);
    if (reader.packet->stream_index == reader.audio) ++reader.sounds;
    av_packet_unref(reader.packet);
  }
  decode(reader, nullptr);
  const auto name = [&](int index) {
    return index < 0 ? "-" : avcodec_get_name(reader.input->streams[index]->codecpar->codec_id);
  };
  std::printf("file %s %s %s %" PRIu64 "\n", path, name(reader.video), name(reader.audio), reader.sounds);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  av_log_set_level(AV_LOG_QUIET);
  bool all = true;
  for (int i = 1; i < argc; ++i) {
    if (read(argv[i])) continue;
    std::fprintf(stderr, "picture_numbers: '%s' cannot be opened\n", argv[i]);
    all = false;
  }
  return all ? 0 : 1;
}
