// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_topic.hpp"

#include "porchlight/base/utf8.hpp"

namespace porchlight::notify {
namespace {

constexpr std::size_t longest = 256;  // leaves room for what is appended

}  // namespace

std::string topic_fault(std::string_view topic) {
  if (topic.empty()) return "must not be empty";
  if (topic.size() > longest) return "longer than 256 bytes";
  if (topic.find_first_of("+#") != std::string_view::npos) return "a topic has no wildcard ('+', '#')";
  if (topic.front() == '$') return "topics that begin with '$' belong to the broker";
  if (topic.front() == '/' || topic.back() == '/') return "neither begins nor ends with '/'";
  for (const char c : topic)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "a topic has no control characters";
  if (!is_utf8(topic)) return "not UTF-8";
  return "";
}

}  // namespace porchlight::notify
