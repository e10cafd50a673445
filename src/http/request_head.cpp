// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <algorithm>
#include <array>

#include "http/text.hpp"

namespace porchlight::http {
namespace {

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  return target;
}

bool is_id_character(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

template <std::size_t size>
bool read_hex(std::string_view text, std::array<std::uint8_t, size>& bytes) {
  for (std::size_t i = 0; i < size; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bytes != std::array<std::uint8_t, size>{};
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  target = without_authority(target);
  if (!target.starts_with('/')) return std::nullopt;
  if (std::any_of(target.begin(), target.end(), [](char c) { return c <= ' ' || c > '~' || c == '#'; })) {
    return std::nullopt;
  }
  const auto mark = target.find('?');
  auto path = percent_decoded(target.substr(0, mark));
  if (!path || has_dot_segment(*path)) return std::nullopt;
  return Target{std::move(*path),
                mark == std::string_view::npos ? std::string{} : std::string(target.substr(mark + 1))};
}

std::string accepted_request_id(std::string_view offered) {
  const bool good = !offered.empty() && offered.size() <= 64 &&
                    std::all_of(offered.begin(), offered.end(), is_id_character);
  return good ? std::string(offered) : event::TraceContext::start().trace_text();
}

// version "-" trace-id "-" parent-id "-" flags; later versions may append more.
event::TraceContext trace_of(std::string_view traceparent) {
  event::TraceContext parent;
  const bool shaped = traceparent.size() >= 55 && traceparent[2] == '-' && traceparent[35] == '-' &&
                      traceparent[52] == '-' && traceparent.substr(0, 2) != "ff";
  if (!shaped || !read_hex(traceparent.substr(3, 32), parent.trace_id) ||
      !read_hex(traceparent.substr(36, 16), parent.span_id)) {
    return event::TraceContext::start();
  }
  return parent.child();
}

bool host_is_valid(const Request& request, int version) {
  const auto hosts = std::count_if(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_without_case(header.first, "host");
  });
  return hosts == 1 || (hosts == 0 && version == 10);
}

}  // namespace porchlight::http
