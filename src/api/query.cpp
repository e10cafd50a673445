// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace porchlight::api {
namespace {

constexpr std::size_t longest_text = 256;

}  // namespace

Query::Query(const http::Request& request, std::initializer_list<std::string_view> names) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto name = http::percent_decoded(pair.substr(0, equals));
    if (!name || std::find(names.begin(), names.end(), *name) == names.end()) {
      fault("there is no parameter '" + std::string(pair.substr(0, std::min(equals, longest_text))) +
            "' here");
      continue;
    }
    const auto value = http::percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!value || value->empty() || value->size() > longest_text)
      fault("parameter '" + *name + "' has no good value");
    else if (!values_.emplace(*name, *value).second)
      fault("parameter '" + *name + "' comes twice");
  }
}

std::optional<std::string> Query::text(const char* name) {
  const auto found = values_.find(std::string_view(name));
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t Query::integer(const char* name, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  const auto given = text(name);
  if (!given) return otherwise;
  std::int64_t value = 0;
  const auto* end = given->data() + given->size();
  const auto [stop, error] = std::from_chars(given->data(), end, value);
  if (error == std::errc{} && stop == end && value >= least && value <= most) return value;
  fault("parameter '" + std::string(name) + "' is a number from " + std::to_string(least) + " to " +
        std::to_string(most));
  return otherwise;
}

std::optional<WallTime> Query::time(const char* name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto at = parse_rfc3339(*given);
  if (!at) fault("parameter '" + std::string(name) + "' is a time as in 2025-01-29T04:20:12Z");
  return at;
}

void Query::fault(std::string text) {
  if (fault_.empty()) fault_ = std::move(text);
}

std::optional<http::Response> Query::refusal(const http::Request& request) const {
  if (fault_.empty()) return std::nullopt;
  return http::problem_response({.status = 400, .detail = fault_}, request.trace);
}

std::optional<std::int64_t> number_of(const http::Request& request) {
  return whole_number(request.parameter("id"));
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace porchlight::api
