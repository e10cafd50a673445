// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_frame.hpp"

#include <vector>

#include "fuzz/fuzz.hpp"
#include "porchlight/base/utf8.hpp"

using namespace porchlight::http;

namespace {

using Event = WebSocketReader::Event;
constexpr std::size_t limit = 1000;

std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  WebSocketReader reader(limit);
  std::vector<std::string> seen;
  std::string unparsed;
  std::size_t offered = 0;
  for (;;) {
    const auto step = reader.feed(unparsed);
    test::must(step.consumed <= unparsed.size());
    unparsed.erase(0, step.consumed);
    if (step.event == Event::message) {
      test::must(step.payload.size() <= limit);
      test::must(step.opcode == Opcode::binary || porchlight::is_utf8(step.payload));
    }
    if (step.event == Event::ping || step.event == Event::pong) test::must(step.payload.size() <= 125);
    if (step.event != Event::need_more)
      seen.push_back(std::to_string(static_cast<int>(step.event)) + ' ' + std::to_string(step.code) + ' ' +
                     step.payload);
    if (step.event == Event::failed) return seen;
    if (step.event != Event::need_more || step.consumed > 0) continue;
    if (offered == bytes.size()) return seen;
    unparsed += bytes.substr(offered, piece);
    offered = std::min(bytes.size(), offered + piece);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = test::text_of(data, size).substr(1);
  test::must(read(bytes, bytes.size() + 1) == read(bytes, 1U + data[0] % 16U));
  websocket_accept(bytes);
  return 0;
}
