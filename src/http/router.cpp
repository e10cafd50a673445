// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/router.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace porchlight::http {
namespace {

std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);  // the slash
  const auto segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string>& parameters) {
  while (!pattern.empty() && !path.empty()) {
    const auto expected = next_segment(pattern);
    const auto found = next_segment(path);
    if (is_parameter(expected)) {
      if (found.empty()) return false;
      parameters.emplace(expected.substr(1, expected.size() - 2), found);
    } else if (expected != found) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

bool exists_on(const Route& route, Listener listener) {
  if (listener == Listener::unix_socket) return true;
  if (route.visibility != Visibility::everywhere) return false;
  return listener == Listener::tcp || is_monitoring_path(route.path);
}

void allow(std::string& list, Method method) {
  const auto append = [&list](std::string_view verb) {
    if (!list.empty()) list += ", ";
    list += verb;
  };
  append(to_string(method));
  if (method == Method::get) append("HEAD");
}

}  // namespace

bool is_monitoring_path(std::string_view path) noexcept {
  return path == "/metrics" || path == "/health" || path.starts_with("/health/");
}

void Router::add(Route route) {
  assert(route.path.starts_with('/') && route.handler);
  assert(std::none_of(routes_.begin(), routes_.end(), [&route](const Route& other) {
    return other.method == route.method && other.path == route.path;
  }));
  routes_.push_back(std::move(route));
}

Router::Match Router::match(Method method, std::string_view path, Listener listener) const {
  const Method wanted = method == Method::head ? Method::get : method;
  Match result;
  bool is_hidden = false;
  for (const auto& route : routes_) {
    std::map<std::string, std::string> parameters;
    if (!path.starts_with('/') || !matches(route.path, path, parameters)) continue;
    if (!exists_on(route, listener)) {
      is_hidden = is_hidden || (route.method == wanted && parameters.empty());
      continue;
    }
    if (route.method == wanted) return {&route, 200, {}, std::move(parameters)};
    result.status = 405;
    allow(result.allow, route.method);
  }
  // Not 405 from a template that fits the path, too.
  return is_hidden ? Match{} : result;
}

std::vector<std::string> Router::templates() const {
  std::vector<std::string> list;
  for (const auto& route : routes_) {
    if (std::find(list.begin(), list.end(), route.path) == list.end()) list.push_back(route.path);
  }
  return list;
}

}  // namespace porchlight::http
