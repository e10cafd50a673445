// SPDX-License-Identifier: Apache-2.0
#include "record/annex_b.hpp"

#include <new>

extern "C" {
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
}

namespace porchlight::record {
namespace {

const char* filter_of(AVCodecID codec) {
  if (codec == AV_CODEC_ID_H264) return "h264_mp4toannexb";
  return codec == AV_CODEC_ID_HEVC ? "hevc_mp4toannexb" : "null";
}

}  // namespace

void AnnexB::Release::operator()(AVBSFContext* filter) const noexcept {
  av_bsf_free(&filter);
}

Result<AnnexB> AnnexB::create(const AVStream& stream) {
  const auto* name = filter_of(stream.codecpar->codec_id);
  const auto* kind = av_bsf_get_by_name(name);
  if (kind == nullptr)
    return Error(ErrorCode::unsupported, std::string("this libavcodec has no '") + name + "'");
  AVBSFContext* made = nullptr;
  if (av_bsf_alloc(kind, &made) < 0) throw std::bad_alloc();
  Filter filter(made);
  if (avcodec_parameters_copy(filter->par_in, stream.codecpar) < 0) throw std::bad_alloc();
  filter->time_base_in = stream.time_base;
  if (auto status = media::av_status(av_bsf_init(filter.get()), "read the parameter sets"); !status)
    return std::move(status).error();
  return AnnexB(std::move(filter));
}

const AVCodecParameters& AnnexB::parameters() const noexcept {
  return *filter_->par_out;
}

Status AnnexB::apply(AVPacket& packet) {
  if (auto status = media::av_status(av_bsf_send_packet(filter_.get(), &packet), "filter a picture"); !status)
    return status;
  return media::av_status(av_bsf_receive_packet(filter_.get(), &packet), "filter a picture");
}

}  // namespace porchlight::record
