// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight::http;

namespace {

struct Outcome {
  RequestParser::Progress progress = RequestParser::Progress::need_more;
  int status = 0;
  std::string head, body;
  std::size_t used = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  RequestParser parser{Limits{}};
  Outcome outcome;
  std::string unparsed;
  std::size_t offered = 0;
  for (;;) {
    const auto step = parser.feed(unparsed);
    test::must(step.consumed <= unparsed.size());
    unparsed.erase(0, step.consumed);
    outcome.used += step.consumed;
    outcome.progress = step.progress;
    outcome.status = step.status;
    if (step.progress == RequestParser::Progress::failed) break;
    if (step.progress == RequestParser::Progress::complete) {
      outcome.body = parser.take_body();
      test::must(outcome.body.size() == parser.body_length());
      break;
    }
    if (step.progress == RequestParser::Progress::header) {
      const auto request = parser.take_head();
      outcome.head = parser.verb() + ' ' + parser.target();
      for (const auto& [name, value] : request.headers) outcome.head += '\n' + name + ':' + value;
      test::must(outcome.head.find('\r') == std::string::npos &&
                 outcome.head.find('\0') == std::string::npos);
      continue;
    }
    if (offered == bytes.size()) break;
    unparsed += bytes.substr(offered, piece);
    offered = std::min(bytes.size(), offered + piece);
  }
  return outcome;
}

}  // namespace

// However the bytes come, the request is the same one: two readings of one stream are smuggling.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = test::text_of(data, size).substr(1);
  auto whole = parse(bytes, bytes.size() + 1);
  auto cut = parse(bytes, 1U + data[0] % 64U);
  // A header that is too large is too large at once or a line later.
  if (whole.progress == RequestParser::Progress::failed) whole.used = cut.used;
  test::must(whole.progress == cut.progress && whole.head == cut.head && whole.body == cut.body);
  if (whole.status != 431 && cut.status != 431) test::must(whole == cut);
  return 0;
}
