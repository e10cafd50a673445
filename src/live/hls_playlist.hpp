// SPDX-License-Identifier: Apache-2.0
// The texts of HTTP Live Streaming (RFC 8216, draft-pantos-hls-rfc8216bis).
#pragma once

#include <string>
#include <vector>

#include "live/hls_window.hpp"

namespace porchlight::live {

// One stream of a camera as a multivariant playlist tells of it.
struct HlsRendition {
  Quality quality = Quality::main;
  std::string codecs;  // avc1.64001f,mp4a.40.2
  int width = 0;       // pixels
  int height = 0;
  double bits_per_second = 0;  // of its largest group of late
};

std::string multivariant_playlist(const std::vector<HlsRendition>& renditions);
// Of a window that is ready.
std::string media_playlist(const HlsWindow& window, Quality quality);

}  // namespace porchlight::live
