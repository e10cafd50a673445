// SPDX-License-Identifier: Apache-2.0
#include "live/messages.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace porchlight::live {
namespace {

using Json = nlohmann::ordered_json;

std::array<char, 8> big_endian(std::uint64_t number) {
  std::array<char, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>((number >> (8 * (bytes.size() - 1 - i))) & 0xFF);
  return bytes;
}

http::SharedFrame frame(std::uint64_t first, std::string_view rest) {
  const auto number = big_endian(first);
  return http::binary_frame({std::string_view(number.data(), number.size()), rest});
}

}  // namespace

std::string hello(const Feed& feed, std::string_view version) {
  return Json{{"type", "hello"},
              {"camera", feed.camera_id()},
              {"quality", to_string(feed.quality())},
              {"version", version}}
      .dump();
}

std::string waiting(std::string_view state) {
  return Json{{"type", "waiting"}, {"state", state}}.dump();
}

std::string unsupported(std::string_view codec) {
  return Json{{"type", "unsupported"}, {"codec", codec}}.dump();
}

std::string begins(std::string_view type, int width, int height) {
  return Json{{"type", "init"}, {"codecs", type}, {"width", width}, {"height", height}}.dump();
}

http::SharedFrame head_frame(std::string_view head) {
  return frame(0, head);
}

http::SharedFrame media_frame(WallTime arrived, std::string_view fragment) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(arrived.time_since_epoch());
  return frame(static_cast<std::uint64_t>(std::max<std::int64_t>(1, since.count())), fragment);
}

}  // namespace porchlight::live
