// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace porchlight::record {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t box_type(const char (&name)[5]) {
  std::uint32_t type = 0;
  for (int i = 0; i < 4; ++i) type = (type << 8) | static_cast<std::uint8_t>(name[i]);
  return type;
}

// Reads numbers of ISO 14496-12 (big-endian) from front to back. What is not there reads as 0 and makes ok()
// false from then on.
class NumberReader {
 public:
  explicit NumberReader(Bytes bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t size);
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  void skip(std::size_t size);

  bool ok() const noexcept { return ok_; }
  Bytes rest() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
  bool ok_ = true;
};

struct Box {
  std::uint32_t type = 0;
  Bytes body;
};

// Goes through the boxes that fill `bytes`; nothing at the end, or where one does not fit (whole() is false).
class BoxReader {
 public:
  explicit BoxReader(Bytes bytes) : left_(bytes) {}
  std::optional<Box> next();
  bool whole() const noexcept { return whole_; }

 private:
  Bytes left_;
  bool whole_ = true;
};

// The first box of that type.
std::optional<Bytes> find_box(Bytes bytes, std::uint32_t type);

}  // namespace porchlight::record
