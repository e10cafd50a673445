// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "http/files.hpp"
#include "http/request_head.hpp"

using namespace porchlight::http;

namespace {

bool has_dots(const std::string& path) {
  const auto framed = path + "/";
  return framed.find("/../") != std::string::npos || framed.find("/./") != std::string::npos;
}

}  // namespace

// A target, and the small texts of a head.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = test::text_of(data, size);
  if (const auto target = parse_target(text)) {
    test::must(target->path.starts_with('/') && !has_dots(target->path));
    test::must(target->path.find('\0') == std::string::npos);
    Request request;
    request.query = target->query;
    request.query_value("a");
    count_query_values(request.query);
  }
  const auto id = accepted_request_id(text);
  test::must(!id.empty() && id.size() <= 64);
  test::must(trace_of(text).trace_text().size() == 32);
  if (is_authority(text)) test::must(text.find_first_of(" \r\n/\\@\"") == std::string_view::npos);
  parse_http_date(text);
  names_tag(text, "\"a\"");
  return 0;
}
