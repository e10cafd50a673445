// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "fuzz/fuzz.hpp"
#include "http/payload.hpp"

using namespace porchlight::http;

// What passes must be read by the routes' own parser without a fault.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = test::text_of(data, size);
  if (json_fault(text, 32).empty()) test::must(nlohmann::json::accept(text));
  return 0;
}
