// SPDX-License-Identifier: Apache-2.0
#include "api/log_levels_route.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/json_body.hpp"
#include "api/paths.hpp"
#include "api/query.hpp"
#include "porchlight/telemetry/log_levels.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;
using telemetry::LevelRules;

ordered_json json_of(const LevelRules& rules) {
  auto object = ordered_json::object();
  for (const auto& [logger, level] : rules) object[logger] = telemetry::word_of(level);
  return object;
}

Response levels_now() {
  const auto levels = telemetry::log_levels();
  return json_answer(200, {{"level", telemetry::word_of(levels.level)},
                           {"configured", json_of(levels.configured)},
                           {"overrides", json_of(levels.overrides)},
                           {"loggers", json_of(levels.loggers)}});
}

LevelRules overrides_of(JsonBody& body) {
  LevelRules rules;
  const auto sent = body.optional_text_map("overrides");
  if (!sent) body.fault("'overrides' is missing");
  for (const auto& [logger, word] : sent.value_or(std::map<std::string, std::string>())) {
    const auto level = telemetry::level_of(word);
    if (!telemetry::is_logger_name(logger))
      body.fault("'overrides' has a name that no logger has: 1 to 64 of a-z, 0-9, _, - and .");
    else if (!level)
      body.fault("'overrides' has a level that is none of debug, info, warning, error and critical");
    else
      rules[logger] = *level;
  }
  return rules;
}

Response change(Library::State& library, const event::TraceContext& trace, AuditRecord record,
                const LevelRules& rules) {
  if (auto status = library.accounts.audit(record); !status) {
    library.log.error("a change was refused because it cannot be recorded",
                      {{"fault", status.error().text()}});
    return busy("the audit trail cannot be written, so nothing was changed", trace);
  }
  telemetry::override_log_levels(rules);
  record.done = true;
  if (auto status = library.accounts.audit(record); !status)
    library.log.error("the outcome of a change could not be recorded", {{"fault", status.error().text()}});
  return levels_now();
}

void show(const Request& request, const Caller&, const Responder& responder) {
  Query query(request, {});
  auto refused = query.refusal(request);
  responder.send(refused ? std::move(*refused) : levels_now());
}

void put(Library::State& library, const Request& request, const Caller& caller, const Responder& responder) {
  JsonBody body(request, {"overrides"});
  auto rules = overrides_of(body);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  // The record waits for the disk, so the listener's thread does not write it.
  run(library, Pace::quick, request, responder,
      [&library, trace = request.trace,
       record = change_record(request, caller.name, "update", json_of(rules).dump()),
       rules](OpenLibrary&) -> Result<Response> { return change(library, trace, record, rules); });
}

}  // namespace

void add_log_levels_routes(Guard& guard, Library::State& library) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  guard.add({.method = http::Method::get, .path = paths::log_levels, .statuses = {200, 400}}, admin, show);
  guard.add({.method = http::Method::put,
             .path = paths::log_levels,
             .statuses = {200, 400, 415, 503},
             .payload = http::Payload::json},
            admin, [&library](const Request& request, const Caller& caller, const Responder& responder) {
              put(library, request, caller, responder);
            });
}

}  // namespace porchlight::api
