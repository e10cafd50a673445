// SPDX-License-Identifier: Apache-2.0
#include "record/closed_keyframe.hpp"

#include <optional>
#include <string_view>

extern "C" {
#include <libavcodec/codec_par.h>
#include <libavcodec/packet.h>
}

namespace porchlight::record {
namespace {

constexpr std::string_view start_code{"\0\0\1", 3};

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// ISO/IEC 14496-15: bytes of the length in front of each NAL unit; 0: start codes.
std::size_t length_size(const media::StreamInfo& stream, bool hevc) {
  const auto* told = stream.parameters.get();
  const int at = hevc ? 21 : 4;
  if (told == nullptr || told->extradata_size <= at || told->extradata[0] != 1) return 0;
  return (told->extradata[at] & 3U) + 1U;
}

// Walks the NAL units by their first bytes.
class Units {
 public:
  Units(std::string_view bytes, std::size_t length_size) : bytes_(bytes), length_size_(length_size) {}

  std::optional<std::uint8_t> next() {
    if (length_size_ == 0) {
      at_ = bytes_.find(start_code, at_);
      if (at_ == std::string_view::npos) return std::nullopt;
      at_ += start_code.size();
      return at_ < bytes_.size() ? std::optional(byte_at(bytes_, at_)) : std::nullopt;
    }
    if (at_ > bytes_.size() || bytes_.size() - at_ <= length_size_) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 0; i < length_size_; ++i) size = size << 8 | byte_at(bytes_, at_ + i);
    const auto head = byte_at(bytes_, at_ + length_size_);
    at_ += length_size_ + size;
    return head;
  }

 private:
  const std::string_view bytes_;
  const std::size_t length_size_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_closed(const media::Packet& keyframe) {
  const bool hevc = keyframe.stream->codec == "hevc";
  if (!hevc && keyframe.stream->codec != "h264") return true;
  const std::string_view bytes(reinterpret_cast<const char*>(keyframe.data->data),
                               static_cast<std::size_t>(keyframe.data->size));
  Units units(bytes, length_size(*keyframe.stream, hevc));
  while (const auto head = units.next()) {
    // ITU-T H.264 table 7-1, H.265 table 7-1.
    const int type = hevc ? (*head >> 1) & 0x3F : *head & 0x1F;
    if (hevc && type < 32) return type >= 17 && type <= 20;
    if (!hevc && type >= 1 && type <= 5) return type == 5;
  }
  return true;
}

}  // namespace porchlight::record
