// SPDX-License-Identifier: Apache-2.0
#include "camera/command_words.hpp"
#include "fuzz/fuzz.hpp"

using namespace porchlight;
using http::test::must;

// What was taken apart, quoted and put together again, gives the same words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto words = camera::split_command(http::test::text_of(data, size));
  if (!words) return 0;
  must(!words->empty() && !words->front().empty());
  std::string line;
  for (const auto& word : *words) {
    line += "\"";
    for (const char c : word) line += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
    line += "\" ";
  }
  const auto again = camera::split_command(line);
  must(again.ok() && *again == *words);
  return 0;
}
