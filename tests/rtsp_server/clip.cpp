// SPDX-License-Identifier: Apache-2.0
#include "clip.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
}

namespace porchlight::rtsp_test {
namespace {

struct Reader {
  AVFormatContext* input = nullptr;
  AVBSFContext* byte_stream = nullptr;
  AVPacket* packet = av_packet_alloc();
  int index = -1;
  ~Reader() {
    av_packet_free(&packet);
    av_bsf_free(&byte_stream);
    avformat_close_input(&input);
  }
};

bool open(Reader& reader, const std::string& path) {
  if (avformat_open_input(&reader.input, path.c_str(), nullptr, nullptr) < 0) return false;
  if (avformat_find_stream_info(reader.input, nullptr) < 0) return false;
  reader.index = av_find_best_stream(reader.input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (reader.index < 0) return false;
  const AVStream& stream = *reader.input->streams[reader.index];
  const auto codec = stream.codecpar->codec_id;
  if (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) return false;
  const auto* filter = codec == AV_CODEC_ID_H264 ? "h264_mp4toannexb" : "hevc_mp4toannexb";
  if (av_bsf_alloc(av_bsf_get_by_name(filter), &reader.byte_stream) < 0) return false;
  avcodec_parameters_copy(reader.byte_stream->par_in, stream.codecpar);
  reader.byte_stream->time_base_in = stream.time_base;
  return av_bsf_init(reader.byte_stream) >= 0;
}

void append(Clip& clip, const AVPacket& packet, const AVRational& base) {
  const auto at = std::chrono::microseconds(av_rescale_q(packet.dts, base, AVRational{1, 1'000'000}));
  clip.units.push_back({at, std::vector<std::uint8_t>(packet.data, packet.data + packet.size)});
}

}  // namespace

std::optional<Clip> read_clip(const std::string& path) {
  Reader reader;
  if (!open(reader, path)) return std::nullopt;
  const AVRational base = reader.input->streams[reader.index]->time_base;
  Clip clip;
  clip.h265 = reader.byte_stream->par_in->codec_id == AV_CODEC_ID_HEVC;
  while (av_read_frame(reader.input, reader.packet) >= 0) {
    if (reader.packet->stream_index == reader.index &&
        av_bsf_send_packet(reader.byte_stream, reader.packet) >= 0) {
      while (av_bsf_receive_packet(reader.byte_stream, reader.packet) >= 0) {
        append(clip, *reader.packet, base);
        av_packet_unref(reader.packet);
      }
    }
    av_packet_unref(reader.packet);
  }
  if (clip.units.size() < 2) return std::nullopt;
  const auto begin = clip.units.front().at;
  for (auto& unit : clip.units) unit.at -= begin;
  const auto step = clip.units.back().at / static_cast<std::int64_t>(clip.units.size() - 1);
  clip.length = clip.units.back().at + step;
  return clip;
}

}  // namespace porchlight::rtsp_test
