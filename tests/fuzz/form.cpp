// SPDX-License-Identifier: Apache-2.0
#include "http/form.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight::http;

// The first line is the Content-Type, the rest the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = test::text_of(data, size);
  const auto type = text.substr(0, text.find('\n'));
  const auto body = text.substr(std::min(text.size(), type.size() + 1));
  const auto boundary = form_boundary(type);
  if (!boundary) return 0;
  test::must(!boundary->empty() && boundary->size() <= 70);
  const auto form = parse_form(body, *boundary, 16);
  test::must(form.parts.size() <= 16);
  for (const auto& part : form.parts) {
    test::must(!part.name.empty() && part.name.size() <= 64 && part.file_name.size() <= 255);
    test::must(test::lies_within(part.bytes, body));
    test::must(part.bytes.find("\r\n--" + *boundary) == std::string_view::npos);
  }
  return 0;
}
