// SPDX-License-Identifier: Apache-2.0
#include "api/log_route.hpp"

#include <algorithm>
#include <array>

#include "api/paths.hpp"
#include "api/query.hpp"
#include "porchlight/telemetry/recent_log.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using telemetry::Level;

constexpr std::int64_t default_limit = 50;
constexpr std::int64_t largest_limit = 200;

Level read_level(Query& query) {
  constexpr std::array<std::pair<std::string_view, Level>, 3> levels = {
      {{"warning", Level::warning}, {"error", Level::error}, {"critical", Level::critical}}};
  const auto word = query.text("level").value_or("warning");
  const auto* const found =
      std::find_if(levels.begin(), levels.end(), [&](const auto& level) { return level.first == word; });
  if (found != levels.end()) return found->second;
  query.fault("parameter 'level' is warning, error or critical");
  return Level::warning;
}

// The records are JSON already.
std::string body_of(const std::vector<std::string>& records) {
  std::string text = R"({"records":[)";
  for (const auto& record : records) {
    if (text.back() != '[') text += ',';
    text += record;
  }
  return text + "]}";
}

void read(Looks& looks, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {"level", "limit"});
  const auto level = read_level(query);
  const auto limit = static_cast<std::size_t>(query.integer("limit", 1, largest_limit, default_limit));
  if (auto wrong = query.refusal(request)) return void(responder.send(std::move(*wrong)));
  looks.note(request, caller);
  responder.send(http::Response::json(200, body_of(telemetry::recent_log_records(level, limit))));
}

}  // namespace

void add_log_route(Guard& guard, Looks& looks) {
  guard.add({.method = http::Method::get, .path = paths::logs, .statuses = {200, 400}},
            Access::from(store::Role::admin, Scope::manage),
            [&looks](const Request& request, const Caller& caller, const Responder& responder) {
              read(looks, request, caller, responder);
            });
}

}  // namespace porchlight::api
