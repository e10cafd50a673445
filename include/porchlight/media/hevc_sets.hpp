// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/media/av.hpp"

namespace porchlight::media {

// The parameter sets of an H.265 stream, where they stand in the file's description and nowhere else: `hvc1`
// (ISO/IEC 14496-15), without which Apple's players show nothing. Cameras repeat them in front of keyframes;
// other ones begin another segment.
class HevcSets {
 public:
  // `description`: of the stream, in Annex B or as hvcC; its packets have the same form. Nothing: it has not
  // all that stands in front of `keyframe`, so that they have to stay where they are (`hev1`).
  static std::optional<HevcSets> of(const AVCodecParameters& description, const AVPacket& keyframe);

  // The packet without them. One that has none, or nothing else, is the same again; sets that the
  // description does not have stay in it, because a decoder needs them. Errors: unavailable (memory).
  Result<AvPacket> without(const AVPacket& packet) const;

 private:
  bool has(std::string_view unit) const;

  std::vector<std::string> sets_;
  std::size_t length_size_ = 0;  // bytes in front of a unit; 0: start codes
};

// Parameter sets of H.265 (`sets` in Annex B, nothing else in it) as a description has them: VPS, SPS, PPS,
// each once, the last of equal ones. hvcC keeps its arrays in the order in which their first units came, and
// decoders read them so: a PPS before its SPS is none.
std::string ordered_hevc_sets(std::string_view sets);

}  // namespace porchlight::media
