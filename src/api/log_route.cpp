// SPDX-License-Identifier: Apache-2.0
#include "api/log_route.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "api/paths.hpp"
#include "api/query.hpp"
#include "porchlight/telemetry/log_levels.hpp"
#include "porchlight/telemetry/recent_log.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using telemetry::Component;
using telemetry::Level;

constexpr std::int64_t default_limit = 50;
constexpr std::int64_t largest_limit = 200;
// What JavaScript counts exactly.
constexpr std::int64_t largest_number = (std::int64_t{1} << 53) - 1;

// Of the words that are good for a parameter, or a fault.
template <class Value>
std::optional<Value> read_word(Query& query, const char* name,
                               std::optional<Value> (*value_of)(std::string_view) noexcept,
                               const char* words) {
  const auto word = query.text(name);
  if (!word) return std::nullopt;
  const auto value = value_of(*word);
  if (!value) query.fault(std::string("parameter '") + name + "' is " + words);
  return value;
}

telemetry::LogQuery read_query(Query& query) {
  telemetry::LogQuery wanted;
  wanted.least =
      read_word<Level>(query, "level", telemetry::level_of, "debug, info, warning, error or critical")
          .value_or(Level::warning);
  wanted.component =
      read_word<Component>(query, "component", telemetry::component_of,
                           "recording, api, auth, ai, streaming, storage, notification, hardware or system");
  wanted.logger = query.text("logger").value_or("");
  wanted.since = query.time("since");
  wanted.request_id = query.text("request_id").value_or("");
  wanted.trace_id = query.text("trace_id").value_or("");
  wanted.after = static_cast<std::uint64_t>(query.integer("after", 0, largest_number, 0));
  wanted.most = static_cast<std::size_t>(query.integer("limit", 1, largest_limit, default_limit));
  return wanted;
}

// The records are JSON already.
std::string body_of(const telemetry::LogAnswer& answer) {
  std::string text = R"({"last":)" + std::to_string(answer.last) + R"(,"records":[)";
  for (const auto& record : answer.records) {
    if (text.back() != '[') text += ',';
    text += record;
  }
  return text + "]}";
}

// The control socket is the machine's own, whose journal says the same.
void read(Looks& looks, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {"level", "component", "logger", "since", "request_id", "trace_id", "after", "limit"});
  const auto wanted = read_query(query);
  if (auto wrong = query.refusal(request)) return void(responder.send(std::move(*wrong)));
  if (request.peer.listener == http::Listener::tcp) looks.note(request, caller);
  responder.send(http::Response::json(200, body_of(telemetry::recent_log_records(wanted))));
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
