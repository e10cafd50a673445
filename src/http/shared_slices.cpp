// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "porchlight/http/body.hpp"

namespace porchlight::http {

std::uint64_t length_of(const SharedSlices& slices) noexcept {
  std::uint64_t bytes = 0;
  for (const auto& slice : slices) bytes += slice.bytes;
  return bytes;
}

SharedSlices cut(const SharedSlices& slices, std::uint64_t from, std::uint64_t bytes) {
  SharedSlices stretch;
  for (const auto& slice : slices) {
    const auto skipped = std::min<std::uint64_t>(from, slice.bytes);
    const auto taken = std::min<std::uint64_t>(slice.bytes - skipped, bytes);
    from -= skipped;
    bytes -= taken;
    if (taken > 0) stretch.push_back({slice.text, slice.offset + skipped, taken});
  }
  return stretch;
}

std::string joined(const SharedSlices& slices) {
  std::string text;
  text.reserve(length_of(slices));
  for (const auto& slice : slices) text.append(*slice.text, slice.offset, slice.bytes);
  return text;
}

}  // namespace porchlight::http
