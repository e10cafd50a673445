// SPDX-License-Identifier: Apache-2.0
#include "boxes.hpp"

namespace porchlight::record {

std::uint64_t NumberReader::number(std::size_t size) {
  if (bytes_.size() < size) {
    bytes_ = {};
    ok_ = false;
    return 0;
  }
  std::uint64_t value = 0;
  for (const auto byte : bytes_.first(size)) value = (value << 8) | byte;
  bytes_ = bytes_.subspan(size);
  return value;
}

void NumberReader::skip(std::size_t size) {
  if (bytes_.size() < size) {
    ok_ = false;
    size = bytes_.size();
  }
  bytes_ = bytes_.subspan(size);
}

// Within a moov or moof no box needs 64 bits for its size, and none may say "up to the end".
std::optional<Box> BoxReader::next() {
  if (left_.empty() || !whole_) return std::nullopt;
  NumberReader numbers(left_);
  const std::size_t size = numbers.u32();
  const auto type = numbers.u32();
  if (!numbers.ok() || size < 8 || size > left_.size()) {
    whole_ = false;
    return std::nullopt;
  }
  const Box box{type, left_.subspan(8, size - 8)};
  left_ = left_.subspan(size);
  return box;
}

std::optional<Bytes> find_box(Bytes bytes, std::uint32_t type) {
  BoxReader boxes(bytes);
  while (const auto box = boxes.next())
    if (box->type == type) return box->body;
  return std::nullopt;
}

}  // namespace porchlight::record
