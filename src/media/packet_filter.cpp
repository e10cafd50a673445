// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/packet_filter.hpp"

#include <string>

extern "C" {
#include <libavcodec/bsf.h>
#include <libavcodec/codec_par.h>
#include <libavcodec/packet.h>
}

namespace porchlight::media {

void PacketFilter::Deleter::operator()(AVBSFContext* context) const noexcept {
  av_bsf_free(&context);
}

Result<PacketFilter> PacketFilter::create(const char* name, const AVCodecParameters& parameters) {
  const auto doing = std::string("make the filter ") + name;
  const AVBitStreamFilter* found = av_bsf_get_by_name(name);
  if (found == nullptr) return Error(ErrorCode::unsupported, doing + ": libavcodec does not have it");
  AVBSFContext* context = nullptr;
  if (const int made = av_bsf_alloc(found, &context); made < 0) return av_error(made, doing);
  PacketFilter filter(context);
  if (const int copied = avcodec_parameters_copy(context->par_in, &parameters); copied < 0)
    return av_error(copied, doing);
  if (const int begun = av_bsf_init(context); begun < 0) return av_error(begun, doing);
  return filter;
}

Result<AvPacket> PacketFilter::filter(const AVPacket& packet, std::vector<std::uint8_t>* extradata) {
  auto data = make_av_packet();
  if (const int held = av_packet_ref(data.get(), &packet); held < 0) return av_error(held, "hold a packet");
  if (const int sent = av_bsf_send_packet(context_.get(), data.get()); sent < 0)
    return av_error(sent, "filter a packet");
  if (const int got = av_bsf_receive_packet(context_.get(), data.get()); got < 0)
    return av_error(got, "filter a packet");
  std::size_t size = 0;
  const auto* found = av_packet_get_side_data(data.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (extradata != nullptr && found != nullptr) extradata->assign(found, found + size);
  return data;
}

}  // namespace porchlight::media
