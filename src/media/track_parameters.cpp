// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/track_parameters.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "porchlight/media/hevc_sets.hpp"
#include "porchlight/media/nal_units.hpp"
#include "porchlight/media/packet_filter.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
}

namespace porchlight::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

Error unsupported(const StreamInfo& stream, const char* why) {
  return Error(ErrorCode::unsupported, "describe " + stream.codec + ": " + why);
}

Result<AvParameters> copy_of(const StreamInfo& stream) {
  AvParameters copy(avcodec_parameters_alloc());
  if (!copy || !stream.parameters) return unsupported(stream, "the source does not describe it");
  if (const int copied = avcodec_parameters_copy(copy.get(), stream.parameters.get()); copied < 0)
    return av_error(copied, "copy stream parameters");
  copy->codec_tag = 0;  // another container's word for it
  return copy;
}

Status set_extradata(AVCodecParameters& parameters, Bytes bytes) {
  av_freep(&parameters.extradata);
  parameters.extradata_size = 0;
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr)
    return Error(ErrorCode::unavailable, "copy stream parameters: out of memory");
  std::memcpy(parameters.extradata, bytes.data(), bytes.size());
  parameters.extradata_size = static_cast<int>(bytes.size());
  return {};
}

bool is_annex_b(Bytes bytes) {
  return bytes.size() > 4 && bytes[0] == 0 && bytes[1] == 0 &&
         (bytes[2] == 1 || (bytes[2] == 0 && bytes[3] == 1));
}

// Of Annex B; bit n: a NAL unit of type n.
std::uint64_t unit_types(Bytes bytes, bool is_hevc) {
  std::uint64_t types = 0;
  NalUnits units(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  while (units.next()) types |= std::uint64_t{1} << (is_hevc ? (units.head() >> 1) & 63 : units.head() & 31);
  return types;
}

bool has_all_sets(Bytes bytes, bool is_hevc) {
  const std::uint64_t wanted = is_hevc ? std::uint64_t{7} << 32 : std::uint64_t{3} << 7;
  return is_annex_b(bytes) && (unit_types(bytes, is_hevc) & wanted) == wanted;
}

// As they came they may be those of a connection that began in the middle of them: SPS, PPS, and then all
// three.
Status set_parameter_sets(AVCodecParameters& parameters, Bytes sets, bool is_hevc) {
  if (!is_hevc) return set_extradata(parameters, sets);
  const auto ordered = ordered_hevc_sets({reinterpret_cast<const char*>(sets.data()), sets.size()});
  return set_extradata(parameters, {reinterpret_cast<const std::uint8_t*>(ordered.data()), ordered.size()});
}

// What the keyframe says of itself is newer than what was announced when the connection was made.
Status take_parameter_sets(AVCodecParameters& parameters, const StreamInfo& stream,
                           const AVPacket& keyframe) {
  const Bytes announced(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
  if (!announced.empty() && !is_annex_b(announced))
    return {};  // avcC, hvcC: the packets are cut in the same way
  const bool is_hevc = parameters.codec_id == AV_CODEC_ID_HEVC;
  auto filter = PacketFilter::create("extract_extradata", parameters);
  if (!filter) return std::move(filter).error();
  std::vector<std::uint8_t> found;
  if (auto filtered = filter->filter(keyframe, &found); !filtered) return std::move(filtered).error();
  if (has_all_sets(found, is_hevc)) return set_parameter_sets(parameters, found, is_hevc);
  if (has_all_sets(announced, is_hevc))
    return set_parameter_sets(parameters, std::vector<std::uint8_t>(announced.begin(), announced.end()),
                              is_hevc);
  return unsupported(stream, "neither the camera's description nor its keyframe has the parameter sets");
}

struct ParserDeleter {
  void operator()(AVCodecParserContext* parser) const noexcept { av_parser_close(parser); }
};

// From the parameter sets.
void take_size(AVCodecParameters& parameters, const AVPacket& keyframe) {
  std::unique_ptr<AVCodecParserContext, ParserDeleter> parser(av_parser_init(parameters.codec_id));
  AvCodec context(avcodec_alloc_context3(nullptr));
  if (!parser || !context || avcodec_parameters_to_context(context.get(), &parameters) < 0) return;
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  std::uint8_t* out = nullptr;
  int size = 0;
  av_parser_parse2(parser.get(), context.get(), &out, &size, keyframe.data, keyframe.size, AV_NOPTS_VALUE,
                   AV_NOPTS_VALUE, 0);
  parameters.width = parser->width;
  parameters.height = parser->height;
}

// From the frame header (SOF0…SOF3) of a JPEG.
void take_jpeg_size(AVCodecParameters& parameters, Bytes picture) {
  for (std::size_t at = 2; at + 9 < picture.size() && picture[at] == 0xff;) {
    const auto marker = picture[at + 1];
    const auto size = static_cast<std::size_t>(picture[at + 2] << 8 | picture[at + 3]);
    if (marker >= 0xc0 && marker <= 0xc3) {
      parameters.height = picture[at + 5] << 8 | picture[at + 6];
      parameters.width = picture[at + 7] << 8 | picture[at + 8];
      return;
    }
    at += 2 + size;
  }
}

// ISO 14496-3: object type, frequency, channels. libavcodec's filter makes it of the ADTS header.
Status take_aac_configuration(AVCodecParameters& parameters, const StreamInfo& stream,
                              const AVPacket& packet) {
  if (parameters.extradata_size == 0 && !is_adts(packet))
    return unsupported(stream, "the source does not describe it");
  if (parameters.extradata_size == 0) {
    auto filter = PacketFilter::create("aac_adtstoasc", parameters);
    if (!filter) return std::move(filter).error();
    std::vector<std::uint8_t> found;
    if (auto filtered = filter->filter(packet, &found); !filtered) return std::move(filtered).error();
    if (auto status = set_extradata(parameters, found); !status) return status;
  }
  if (parameters.extradata_size < 2) return unsupported(stream, "its configuration is broken");
  constexpr std::array rates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                             22050, 16000, 12000, 11025, 8000,  7350};
  const auto first = parameters.extradata[0];
  const auto second = parameters.extradata[1];
  const auto rate = static_cast<std::size_t>((first & 7) << 1 | second >> 7);
  if (parameters.sample_rate <= 0 && rate < rates.size()) parameters.sample_rate = rates[rate];
  if (parameters.ch_layout.nb_channels <= 0)
    av_channel_layout_default(&parameters.ch_layout, (second >> 3) & 15);
  if (parameters.frame_size <= 0) parameters.frame_size = 1024;
  return {};
}

// RFC 7845 §5.1; RTP sends none.
Status take_opus_head(AVCodecParameters& parameters) {
  parameters.sample_rate = 48'000;
  if (parameters.ch_layout.nb_channels <= 0) av_channel_layout_default(&parameters.ch_layout, 2);
  if (parameters.extradata_size >= 19) return {};
  std::array<std::uint8_t, 19> head{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1};
  head[9] = static_cast<std::uint8_t>(parameters.ch_layout.nb_channels);
  head[12] = 0x80;  // 48,000, little-endian
  head[13] = 0xbb;
  return set_extradata(parameters, head);
}

}  // namespace

bool is_adts(const AVPacket& packet) {
  return packet.size > 7 && packet.data[0] == 0xff && (packet.data[1] & 0xf6) == 0xf0;
}

Result<AvParameters> parameters_of_pictures(const StreamInfo& stream, const AVPacket& keyframe) {
  auto copy = copy_of(stream);
  if (!copy) return copy;
  auto& parameters = **copy;
  parameters.codec_type = AVMEDIA_TYPE_VIDEO;
  const bool is_jpeg = parameters.codec_id == AV_CODEC_ID_MJPEG;
  if (!is_jpeg)
    if (auto status = take_parameter_sets(parameters, stream, keyframe); !status)
      return std::move(status).error();
  if (is_jpeg)
    take_jpeg_size(parameters, {keyframe.data, static_cast<std::size_t>(keyframe.size)});
  else
    take_size(parameters, keyframe);
  if (parameters.width <= 0 || parameters.height <= 0) {
    parameters.width = stream.width;
    parameters.height = stream.height;
  }
  if (parameters.width <= 0 || parameters.height <= 0)
    return unsupported(stream, "its pictures do not say how large they are");
  return copy;
}

Result<AvParameters> parameters_of_sound(const StreamInfo& stream, const AVPacket& packet) {
  auto copy = copy_of(stream);
  if (!copy) return copy;
  auto& parameters = **copy;
  parameters.codec_type = AVMEDIA_TYPE_AUDIO;
  Status status;
  if (parameters.codec_id == AV_CODEC_ID_AAC) status = take_aac_configuration(parameters, stream, packet);
  if (parameters.codec_id == AV_CODEC_ID_OPUS) status = take_opus_head(parameters);
  if (!status) return std::move(status).error();
  if (parameters.sample_rate <= 0) parameters.sample_rate = 8'000;  // G.711, when nobody says otherwise
  if (parameters.ch_layout.nb_channels <= 0) av_channel_layout_default(&parameters.ch_layout, 1);
  return copy;
}

std::shared_ptr<const StreamInfo> described_sound(const Packet& packet) {
  const auto& stream = packet.stream;
  if (stream->codec != "aac" || (stream->parameters && stream->parameters->extradata_size > 0)) return stream;
  auto parameters = parameters_of_sound(*stream, *packet.data);
  if (!parameters) return nullptr;
  auto described = std::make_shared<StreamInfo>(*stream);
  described->parameters =
      std::shared_ptr<const AVCodecParameters>(std::move(parameters).value().release(), AvDeleter{});
  return described;
}

}  // namespace porchlight::media
