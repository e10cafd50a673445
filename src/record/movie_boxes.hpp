// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "boxes.hpp"

namespace porchlight::record {

// What of a `moov` is needed to understand the fragments behind it (ISO 14496-12).
struct TrackShape {
  std::uint32_t id = 0;
  std::uint32_t timescale = 0;  // ticks per second
  std::string codec;            // libavcodec's name
  int width = 0;                // pixels, of video
  int height = 0;
};
struct MovieShape {
  TrackShape video;
  std::optional<TrackShape> audio;
};
// Nothing: broken, or not what we write.
std::optional<MovieShape> parse_movie(Bytes moov);

// One `moof` with its `mdat`. Times in ticks of the video track.
struct FragmentShape {
  std::uint32_t sequence = 0;
  std::uint64_t frames = 0;  // of video
  std::int64_t first = 0;    // when its first picture is shown; of no meaning without frames
  std::int64_t end = 0;      // when its last picture ends
};
// `media`: bytes in the `mdat`, which begins right behind. Nothing: broken, or they do not fit each other.
std::optional<FragmentShape> parse_fragment(Bytes moof, const MovieShape& movie, std::uint64_t media);

}  // namespace porchlight::record
