// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/picture_track.hpp"

#include "porchlight/media/track_parameters.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media {

Result<PictureTrack> PictureTrack::describe(const StreamInfo& stream, const AVPacket& keyframe) {
  auto parameters = parameters_of_pictures(stream, keyframe);
  if (!parameters) return std::move(parameters).error();
  PictureTrack track(std::move(parameters).value());
  if (track.parameters_->codec_id == AV_CODEC_ID_HEVC) {
    track.hevc_sets_ = HevcSets::of(*track.parameters_, keyframe);
    track.parameters_->codec_tag = track.hevc_sets_ ? MKTAG('h', 'v', 'c', '1') : MKTAG('h', 'e', 'v', '1');
  }
  return track;
}

Status PictureTrack::add(const AVPacket& picture, const PlacedTime& time, FragmentMuxer& muxer) const {
  if (!hevc_sets_) return muxer.add_picture(picture, time);
  const auto bare = hevc_sets_->without(picture);
  if (!bare) return bare.error();
  return muxer.add_picture(**bare, time);
}

}  // namespace porchlight::media
