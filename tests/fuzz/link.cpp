// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/link.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight;

// Under the key of the seed: what opens is what mint() makes, character by character.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string key = [] {
    std::string bytes;
    for (char c = 0; c < 32; ++c) bytes += c;
    return bytes;
  }();
  const auto token = http::test::text_of(data, size);
  if (const auto link = notify::opened_link(key, token)) http::test::must(notify::mint(key, *link) == token);
  return 0;
}
