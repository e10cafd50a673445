// SPDX-License-Identifier: Apache-2.0
#include "live/codec_words.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::live {
namespace {

using Bytes = std::span<const std::uint8_t>;

Bytes description_of(const AVCodecParameters& parameters) {
  return {parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)};
}

// What stands behind the start code and the unit's head of `head_bytes`, of the first unit of that type in
// Annex B, without the bytes that keep start codes out of it; empty: there is none.
std::vector<std::uint8_t> first_unit(Bytes bytes, bool is_hevc, int type, std::size_t head_bytes) {
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
    if ((is_hevc ? (bytes[i + 3] >> 1) & 0x3F : bytes[i + 3] & 0x1F) != type) continue;
    std::vector<std::uint8_t> unit;
    int zeros = 0;
    for (auto at = i + 3 + head_bytes; at < bytes.size() && unit.size() < 32; ++at) {
      if (zeros >= 2 && bytes[at] == 1) break;
      const bool stuffing = zeros >= 2 && bytes[at] == 3;
      zeros = bytes[at] == 0 ? zeros + 1 : 0;
      if (!stuffing) unit.push_back(bytes[at]);
    }
    return unit;
  }
  return {};
}

std::string h264_word(Bytes description) {
  std::array<unsigned, 3> profile{};
  if (description.size() > 3 && description[0] == 1) {  // avcC
    profile = {description[1], description[2], description[3]};
  } else {
    const auto sps = first_unit(description, false, 7, 1);
    if (sps.size() < 3) return {};
    profile = {sps[0], sps[1], sps[2]};
  }
  std::array<char, 16> word{};
  std::snprintf(word.data(), word.size(), "avc1.%02x%02x%02x", profile[0], profile[1], profile[2]);
  return word.data();
}

// profile_tier_level(): one byte of profile, four of compatibility, six of constraints, one of level.
std::vector<std::uint8_t> hevc_profile(Bytes description) {
  constexpr std::size_t size = 12;
  if (description.size() > size && description[0] == 1)  // hvcC
    return {description.begin() + 1, description.begin() + 1 + size};
  auto sps = first_unit(description, true, 33, 2);
  if (sps.size() < 1 + size) return {};
  return {sps.begin() + 1, sps.begin() + 1 + size};
}

std::string hevc_word(Bytes description, bool sets_in_band) {
  const auto profile = hevc_profile(description);
  if (profile.empty()) return {};
  std::uint32_t compatible = 0;  // its bits the other way round
  for (int bit = 0; bit < 32; ++bit)
    if ((profile[static_cast<std::size_t>(1 + bit / 8)] >> (7 - bit % 8) & 1) != 0)
      compatible |= std::uint32_t{1} << bit;
  std::array<char, 64> text{};
  static constexpr std::array spaces{"", "A", "B", "C"};
  std::snprintf(text.data(), text.size(), "%s.%s%d.%x.%c%d", sets_in_band ? "hev1" : "hvc1",
                spaces[static_cast<std::size_t>(profile[0] >> 6)], profile[0] & 0x1F, compatible,
                (profile[0] & 0x20) != 0 ? 'H' : 'L', profile[11]);
  std::string word = text.data();
  auto last = std::size_t{10};
  while (last > 5 && profile[last] == 0) --last;
  for (std::size_t i = 5; i <= last; ++i) {
    if (profile[i] == 0 && last == 5) break;
    std::snprintf(text.data(), text.size(), ".%X", static_cast<unsigned>(profile[i]));
    word += text.data();
  }
  return word;
}

std::string aac_word(Bytes description) {
  const int type = description.empty() ? 2 : description[0] >> 3;  // ISO/IEC 14496-3: audio object type
  return "mp4a.40." + std::to_string(type);
}

}  // namespace

std::string codec_word(const AVCodecParameters& parameters) {
  const auto description = description_of(parameters);
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
      return h264_word(description);
    case AV_CODEC_ID_HEVC:
      return hevc_word(description, parameters.codec_tag == MKTAG('h', 'e', 'v', '1'));
    case AV_CODEC_ID_AAC:
      return aac_word(description);
    case AV_CODEC_ID_OPUS:
      return "opus";
    default:
      return {};
  }
}

}  // namespace porchlight::live
