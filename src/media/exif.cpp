// SPDX-License-Identifier: Apache-2.0
#include "exif.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace porchlight::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

// A TIFF structure; every read is checked against its end.
class Tiff {
 public:
  explicit Tiff(Bytes bytes) : bytes_(bytes), big_endian_(bytes.size() > 1 && bytes[0] == 'M') {}

  std::optional<std::uint32_t> read(std::size_t at, std::size_t size) const noexcept {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[big_endian_ ? at + i : at + size - 1 - i];
    }
    return value;
  }

 private:
  Bytes bytes_;
  bool big_endian_;
};

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::size_t entry_size = 12;

int orientation_in(Bytes bytes) noexcept {
  const Tiff tiff(bytes);
  const auto directory = tiff.read(4, 4);
  if (!directory) return 1;
  const auto entries = tiff.read(*directory, 2);
  for (std::size_t i = 0; i < entries.value_or(0); ++i) {
    const auto entry = *directory + 2 + i * entry_size;
    if (tiff.read(entry, 2) != orientation_tag) continue;
    const auto value = tiff.read(entry + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

constexpr std::array<std::uint8_t, 6> exif_header = {'E', 'x', 'i', 'f', 0, 0};

}  // namespace

int exif_orientation(Bytes jpeg) noexcept {
  std::size_t at = 2;  // behind the start-of-image marker
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff) {
    const auto marker = jpeg[at + 1];
    if (marker == 0xda) return 1;  // the picture's data begins
    const auto length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (length < 2 || jpeg.size() - at - 2 < length) return 1;
    const auto payload = jpeg.subspan(at + 4, length - 2);
    if (marker == 0xe1 && payload.size() > exif_header.size() &&
        std::equal(exif_header.begin(), exif_header.end(), payload.begin())) {
      return orientation_in(payload.subspan(exif_header.size()));
    }
    at += 2 + length;
  }
  return 1;
}

}  // namespace porchlight::media
