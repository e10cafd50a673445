// SPDX-License-Identifier: Apache-2.0
#include "http/ranges.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight::http;

// Two bytes of file size, then the header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint64_t length = data[0] * 256U + data[1];
  const auto answer = parse_ranges(test::text_of(data, size).substr(2), length, 16);
  std::uint64_t total = 0;
  for (const auto& part : answer.parts) {
    test::must(part.bytes > 0 && part.offset < length && part.bytes <= length - part.offset);
    total += part.bytes;
  }
  test::must(answer.parts.size() <= 16 && total <= length);
  test::must((answer.kind == RangeAnswer::Kind::parts) == !answer.parts.empty());
  return 0;
}
