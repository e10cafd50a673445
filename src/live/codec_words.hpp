// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

struct AVCodecParameters;

namespace porchlight::live {

// How browsers are told of a codec (RFC 6381; ISO/IEC 14496-15 annex E): avc1.64001f, hvc1.1.6.L93.B0,
// mp4a.40.2, opus. Empty: it cannot be said, or is none of those.
std::string codec_word(const AVCodecParameters& parameters);

}  // namespace porchlight::live
