// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "porchlight/media/av.hpp"
#include "porchlight/media/fragment_muxer.hpp"
#include "porchlight/media/hevc_sets.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media {

// How an MP4 describes a stream of pictures, and the pictures as they belong behind that description.
class PictureTrack {
 public:
  // Errors: unsupported, as parameters_of_pictures.
  static Result<PictureTrack> describe(const StreamInfo& stream, const AVPacket& keyframe);

  const AVCodecParameters& parameters() const noexcept { return *parameters_; }
  // Without the parameter sets that the description has already. Errors: the muxer's; unavailable (memory).
  Status add(const AVPacket& picture, const PlacedTime& time, FragmentMuxer& muxer) const;

 private:
  explicit PictureTrack(AvParameters parameters) : parameters_(std::move(parameters)) {}

  AvParameters parameters_;
  std::optional<HevcSets> hevc_sets_;  // stand in the description only
};

}  // namespace porchlight::media
