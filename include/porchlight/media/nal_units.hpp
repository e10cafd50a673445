// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace porchlight::media {

inline constexpr std::string_view start_code{"\0\0\1", 3};

// Zeros behind a NAL unit belong to no unit.
std::string_view without_zeros(std::string_view unit) noexcept;

// Walks the NAL units of H.264 or H.265, which stand one behind the other with a start code in front of each
// (annex B of both) or with their lengths (ISO/IEC 14496-15). A picture is long: its end is looked for only
// when somebody asks for it or for what follows.
class NalUnits {
 public:
  // `length_size`: bytes of the length in front of a unit; 0: start codes. Borrows `bytes`.
  explicit NalUnits(std::string_view bytes, std::size_t length_size = 0) noexcept
      : bytes_(bytes), length_size_(length_size) {}

  // On to the next one; false: there is none of which the first byte is there.
  bool next() noexcept;

  // Of the one that next() went to:
  std::uint8_t head() const noexcept { return static_cast<std::uint8_t>(bytes_[body_]); }
  // With what stands in front of it; units leave nothing between them.
  std::size_t begin() const noexcept { return begin_; }
  std::size_t end() noexcept;
  // False where its length says more than is there.
  bool is_whole() const noexcept;
  std::string_view bytes() noexcept;  // the unit alone; in annex B without zeros behind it

 private:
  std::size_t measured() const noexcept;  // what stands in front says

  std::string_view bytes_;
  std::size_t length_size_;
  std::size_t begin_ = 0;
  std::size_t body_ = 0;
  std::optional<std::size_t> end_{0};  // nothing: not looked for yet
};

}  // namespace porchlight::media
