// SPDX-License-Identifier: Apache-2.0
#include "picture_stamp.hpp"

#include <cstring>

namespace porchlight::picture_stamp {
namespace {

constexpr std::uint8_t white = 235;
constexpr std::uint8_t black = 16;

std::uint64_t check_of(const Stamp& stamp) {
  const std::uint64_t mixed = (stamp.clock_ms * 0x9e3779b97f4a7c15U + stamp.number) * 0xc2b2ae3d27d4eb4fU;
  return mixed >> (64 - check_bits);
}

void write_row(std::uint8_t* luma, std::size_t stride, int row, int bits, std::uint64_t value) {
  for (int y = row * square; y < (row + 1) * square; ++y)
    for (int bit = 0; bit < bits; ++bit)
      std::memset(luma + static_cast<std::size_t>(y) * stride + bit * square,
                  (value >> bit) & 1 ? white : black, square);
}

std::uint64_t read_row(const std::uint8_t* luma, std::size_t stride, int row, int bits) {
  std::uint64_t value = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const auto y = static_cast<std::size_t>(row * square + square / 2);
    const std::uint8_t middle = luma[y * stride + static_cast<std::size_t>(bit * square + square / 2)];
    value |= std::uint64_t{middle > 125} << bit;
  }
  return value;
}

}  // namespace

void write(std::uint8_t* luma, std::size_t stride, const Stamp& stamp) {
  write_row(luma, stride, clock_row, clock_bits, stamp.clock_ms);
  Stamp shown = stamp;
  shown.clock_ms &= (std::uint64_t{1} << clock_bits) - 1;
  shown.number &= (std::uint64_t{1} << number_bits) - 1;
  write_row(luma, stride, number_row, number_bits + check_bits,
            shown.number | check_of(shown) << number_bits);
}

Stamp read(const std::uint8_t* luma, std::size_t stride) {
  const auto second = read_row(luma, stride, number_row, number_bits + check_bits);
  Stamp stamp{read_row(luma, stride, clock_row, clock_bits),
              second & ((std::uint64_t{1} << number_bits) - 1)};
  stamp.whole = second >> number_bits == check_of(stamp);
  return stamp;
}

}  // namespace porchlight::picture_stamp
