// SPDX-License-Identifier: Apache-2.0
#include "http/cookies.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight::http;

// The first line is the name, the rest the header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = test::text_of(data, size);
  const auto name = text.substr(0, text.find('\n'));
  const auto header = text.substr(name.size());
  std::optional<std::string_view> found;
  if (find_cookie(header, name, found) && found) test::must(test::lies_within(*found, header));
  return 0;
}
