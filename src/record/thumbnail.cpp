// SPDX-License-Identifier: Apache-2.0
#include <new>

#include "porchlight/media/decoder.hpp"
#include "porchlight/media/jpeg.hpp"
#include "porchlight/record/footage_reader.hpp"
#include "record/segment_file.hpp"
#include "record/segment_input.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::record {
namespace {

media::Packet packet_of(const AVPacket& data, const std::shared_ptr<const media::StreamInfo>& stream) {
  media::AvPacket copy(av_packet_clone(&data));
  if (!copy) throw std::bad_alloc();
  media::Packet packet;
  packet.stream = stream;
  packet.keyframe = (copy->flags & AV_PKT_FLAG_KEY) != 0;
  packet.size = static_cast<std::size_t>(copy->size);
  packet.data = std::shared_ptr<const AVPacket>(copy.release(), media::AvDeleter{});
  return packet;
}

// The first picture from `wanted` on (ticks), or the last one there is; null: none.
Result<media::FramePtr> find_picture(SegmentInput& input, std::int64_t wanted) {
  auto stream = picture_stream(input);
  if (!stream) return std::move(stream).error();
  auto decoder = media::Decoder::create(**stream);
  if (!decoder) return std::move(decoder).error();
  if (auto status = input.seek(wanted); !status) return std::move(status).error();
  media::FramePtr found;
  const auto take = [&](media::FramePtr frame) {
    if (!found || found->picture->pts < wanted) found = std::move(frame);
  };
  const auto packet = media::make_av_packet();
  while (!found || found->picture->pts < wanted) {
    const auto more = input.read(*packet);
    if (!more) return more.error();
    if (!*more) break;
    if (packet->stream_index == input.video().index)
      if (auto status = decoder->decode(packet_of(*packet, *stream), take); !status)
        return std::move(status).error();
    av_packet_unref(packet.get());
  }
  if (!found || found->picture->pts < wanted)
    if (auto status = decoder->flush(take); !status) return std::move(status).error();
  return found;
}

}  // namespace

Result<std::string> thumbnail(const std::filesystem::path& file, std::chrono::milliseconds into, int width) {
  auto scanned = scan_segment(file);
  if (!scanned) return std::move(scanned).error();
  auto input = SegmentInput::open(file, scanned->whole_bytes);
  if (!input) return std::move(input).error();
  const auto ticks = av_rescale_q(into.count(), AVRational{1, 1000}, (*input)->video().time_base);
  auto picture = find_picture(**input, (*input)->zero() + ticks);
  if (!picture) return std::move(picture).error();
  if (!*picture) return Error(ErrorCode::decode, "show '" + file.string() + "': no picture comes out of it");
  auto encoder = media::JpegEncoder::create({.quality = 80, .max_width = width});
  if (!encoder) return std::move(encoder).error();
  auto jpeg = encoder->encode(**picture);
  if (!jpeg) return std::move(jpeg).error();
  return std::string(jpeg->begin(), jpeg->end());
}

}  // namespace porchlight::record
