// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <algorithm>

#include "http/text.hpp"
#include "porchlight/event/traceparent.hpp"

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

}  // namespace

std::optional<Target> parse_target(std::string_view target, Rejection* reason) {
  const auto refused = [reason](Rejection why) {
    if (reason != nullptr) *reason = why;
    return std::nullopt;
  };
  target = without_authority(target);
  const bool visible =
      std::none_of(target.begin(), target.end(), [](char c) { return c <= ' ' || c > '~' || c == '#'; });
  if (!target.starts_with('/') || !visible) return refused(Rejection::malformed);
  const auto mark = target.find('?');
  const auto raw = target.substr(0, mark);
  if (raw.find("%00") != std::string_view::npos) return refused(Rejection::injection_suspected);
  auto path = percent_decoded(raw);
  if (!path) return refused(Rejection::malformed);
  if (has_dot_segment(*path)) return refused(Rejection::path_traversal);
  return Target{std::move(*path),
                mark == std::string_view::npos ? std::string{} : std::string(target.substr(mark + 1))};
}

std::string well_formed_id(std::string_view offered) {
  const bool good = offered.size() <= 64 && std::all_of(offered.begin(), offered.end(), is_id_character);
  return good ? std::string(offered) : std::string();
}

std::string accepted_request_id(std::string_view offered) {
  auto id = well_formed_id(offered);
  return id.empty() ? event::TraceContext::start().trace_text() : id;
}

event::TraceContext trace_of(std::string_view traceparent) {
  const auto parent = event::parse_traceparent(traceparent);
  return parent ? parent->child() : event::TraceContext::start();
}

bool host_is_valid(const Request& request, int version) {
  const auto hosts = std::count_if(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_without_case(header.first, "host");
  });
  const auto host = request.header("host");
  return (hosts == 1 && (host.empty() || is_authority(host))) || (hosts == 0 && version == 10);
}

bool is_authority(std::string_view host) {
  const auto colon = host.rfind(':');
  const bool bracketed = host.starts_with('[');
  const auto end_of_name = bracketed ? host.find(']') + 1 : std::min(colon, host.size());
  const auto name = host.substr(0, end_of_name);
  const auto port = host.substr(end_of_name);
  const bool named = !name.empty() && std::all_of(name.begin(), name.end(), [bracketed](char c) {
    return is_id_character(c) || (bracketed && (c == '[' || c == ']' || c == ':'));
  });
  const bool ported = port.empty() || (port.size() > 1 && port.size() <= 6 && port.front() == ':' &&
                                       std::all_of(port.begin() + 1, port.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; }));
  return named && ported && (!bracketed || end_of_name > 3);
}

std::size_t count_query_values(std::string_view query) {
  return query.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(query.begin(), query.end(), '&'));
}

}  // namespace porchlight::http
