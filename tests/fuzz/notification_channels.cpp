// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"
#include "notify/alerting_list.hpp"

using namespace porchlight;

// What is taken has a known type, once, and a value; what is refused is told without the value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = http::test::text_of(data, size);
  const auto parsed = notify::parse_notification_channels(text);
  if (!parsed) {
    const auto& said = parsed.error().text();
    http::test::must(!said.empty() && said.size() < 256);
    for (const char c : said) http::test::must(c != '\n' && c != '\0');
    return 0;
  }
  std::set<std::string> seen;
  for (const auto& entry : *parsed) {
    const auto& types = notify::alerting_types;
    http::test::must(std::find(types.begin(), types.end(), entry.type) != types.end());
    http::test::must(!entry.value.empty() && seen.insert(entry.type).second);
  }
  return 0;
}
