// SPDX-License-Identifier: Apache-2.0
// Numbers burned into pictures so that a reader of the decoded picture knows which one it is: bits as
// squares of one macroblock, black or white, least significant first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace porchlight::picture_stamp {

inline constexpr int square = 16;  // luma samples
inline constexpr int clock_bits = 40;
inline constexpr int clock_row = 0;  // milliseconds since 1970 modulo 2^40, in the first row of squares
inline constexpr int number_bits = 32;
inline constexpr int number_row = 1;  // the picture's number, in the second
inline constexpr int check_bits = 8;  // and behind it what both add up to

struct Stamp {
  std::uint64_t clock_ms = 0;
  std::uint64_t number = 0;
  bool whole = false;  // read: the squares agree with each other
};

// Luma plane of at least 640 × 32.
void write(std::uint8_t* luma, std::size_t stride, const Stamp& stamp);
Stamp read(const std::uint8_t* luma, std::size_t stride);

}  // namespace porchlight::picture_stamp
