// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace porchlight::http {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool operator==(const ByteRange&) const = default;
};

// A Range header over a representation of `size` bytes (RFC 9110 §14). Another unit, or what the
// grammar does not know, is as if the header were not there. Not satisfiable: nothing overlaps the
// bytes, more than `most` ranges, or ranges that together ask for more than there is.
struct RangeAnswer {
  enum class Kind { whole, parts, unsatisfiable };
  Kind kind = Kind::whole;
  std::vector<ByteRange> parts{};
};
RangeAnswer parse_ranges(std::string_view header, std::uint64_t size, std::size_t most);

}  // namespace porchlight::http
