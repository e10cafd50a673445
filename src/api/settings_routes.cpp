// SPDX-License-Identifier: Apache-2.0
#include "api/settings_routes.hpp"

#include <memory>
#include <utility>

#include "api/account_routes.hpp"
#include "api/digest.hpp"
#include "api/json_body.hpp"
#include "api/paths.hpp"
#include "porchlight/api/settings_page.hpp"
#include "porchlight/api/settings_revision.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;

constexpr std::size_t entry_bytes = 64 * 1024;
// Levels below the body itself. A value of the configuration has three; what is far deeper is not walked.
constexpr int deepest_body = 9;
constexpr std::chrono::milliseconds change_deadline{45'000};   // a reload, and a second one where it failed
constexpr std::chrono::milliseconds trial_deadline{30'000};    // 15 s, and the look-up of a name
constexpr std::chrono::milliseconds channel_deadline{90'000};  // the longest timeout that a channel may have
constexpr const char* bad_settings = "urn:porchlight:problem:bad-settings";
constexpr const char* no_picture = "urn:porchlight:problem:no-picture";

struct Desk {
  Looks& looks;
  const SettingsPorts ports;
};
using DeskPtr = std::shared_ptr<const Desk>;

Response with_faults(http::Problem problem, const std::vector<KeyFault>& faults, const std::string& reason,
                     const event::TraceContext& trace) {
  auto response = http::problem_response(problem, trace);
  auto body = ordered_json::parse(response.body);
  auto list = ordered_json::array();
  for (const auto& fault : faults) list.push_back({{"key", fault.key}, {"message", fault.message}});
  body["faults"] = std::move(list);
  if (!reason.empty()) body["reason"] = reason;
  response.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return response;
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 422;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::unsupported:
    case ErrorCode::permission_denied:
      return 409;
    case ErrorCode::resource:
      return 429;
    default:
      return 503;
  }
}

Response failed(const Error& error, const event::TraceContext& trace) {
  auto response = http::problem_response({.status = status_of(error.code()), .detail = error.text()}, trace);
  if (response.status == 429) response.headers.emplace_back("Retry-After", "5");
  return response;
}

Response with_tag(Response response, const std::string& revision) {
  response.headers.emplace_back("ETag", settings_tag(revision));
  return response;
}

Response outcome_answer(const SettingsOutcome& outcome, const event::TraceContext& trace) {
  using Kind = SettingsOutcome::Kind;
  switch (outcome.kind) {
    case Kind::applied:
      return with_tag(json_answer(200, {{"applied", outcome.applied},
                                        {"restarted", outcome.restarted},
                                        {"needs_restart", outcome.needs_restart},
                                        {"warnings", outcome.warnings},
                                        {"revision", outcome.revision}}),
                      outcome.revision);
    case Kind::not_found:
      return http::problem_response({.status = 404, .detail = outcome.detail}, trace);
    case Kind::conflict:
      return with_faults({.status = 409, .detail = outcome.detail}, outcome.faults, "", trace);
    case Kind::stale:
      return http::problem_response({.status = 412, .detail = outcome.detail}, trace);
    case Kind::faulty:
      return with_faults({.status = 422, .detail = outcome.detail, .type = bad_settings}, outcome.faults, "",
                         trace);
    case Kind::unavailable:
      break;
  }
  return with_faults({.status = 503, .detail = outcome.detail}, outcome.faults, "", trace);
}

Response trial_answer(const CameraTrialOutcome& outcome, const event::TraceContext& trace) {
  if (!outcome.reason.empty())
    return with_faults({.status = 422, .detail = outcome.detail, .type = no_picture}, outcome.faults,
                       outcome.reason, trace);
  return json_answer(200, {{"codec", outcome.codec},
                           {"width", outcome.width},
                           {"height", outcome.height},
                           {"took_ms", outcome.took.count()},
                           {"picture", base64(outcome.picture)}});
}

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

void show(const Desk& desk, const Request& request, const Caller& caller, const Responder& responder) {
  desk.looks.note(request, caller);
  desk.ports.show([responder, trace = request.trace](Result<SettingsShown> shown) {
    responder.send(shown ? with_tag(Response::json(200, std::move(shown->json)), shown->revision)
                         : failed(shown.error(), trace));
  });
}

// The body as an object; nothing: it is none, and that was answered.
std::optional<ordered_json> object_of(const Request& request, const Responder& responder) {
  bool too_deep = false;
  auto body = ordered_json::parse(
      request.body,
      [&](int depth, ordered_json::parse_event_t, const ordered_json&) {
        too_deep = too_deep || depth > deepest_body;
        return !too_deep;
      },
      false);
  if (too_deep) {
    responder.send(refusal(400, "the body is nested too deeply", request));
    return std::nullopt;
  }
  if (body.is_object()) return body;
  responder.send(refusal(400, "the body must be a JSON object", request));
  return std::nullopt;
}

std::string names_of(const ordered_json& keys) {
  auto names = ordered_json::array();
  for (const auto& [key, value] : keys.items()) names.push_back(key);
  return ordered_json{{"keys", names}}.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void change(const Desk& desk, const Request& request, const Caller& caller, const Responder& responder) {
  SettingsChange wanted;
  wanted.section = request.parameter("section");
  wanted.id = request.parameter("id");
  if (!is_settings_section(wanted.section))
    return void(responder.send(refusal(
        404, "there is no section '" + wanted.section + "': cameras, buttons, channels, rules", request)));
  if (!is_id(wanted.id))
    return void(responder.send(refusal(400, "an id is 1 to 64 of a-z, 0-9 and '_'", request)));
  std::string changes = "{}";
  if (request.method == Method::put) {
    const auto keys = object_of(request, responder);
    if (!keys) return;
    wanted.keys = keys->dump();
    changes = names_of(*keys);
  }
  wanted.if_match = request.header_list("if-match");
  wanted.record = change_record(request, caller.name, wanted.keys ? "update" : "delete");
  wanted.record.changes = std::move(changes);
  desk.ports.change(std::move(wanted), [responder, trace = request.trace](Result<SettingsOutcome> outcome) {
    responder.send(outcome ? outcome_answer(*outcome, trace) : failed(outcome.error(), trace));
  });
}

void try_camera(const Desk& desk, const Request& request, const Caller& caller, const Responder& responder) {
  const auto keys = object_of(request, responder);
  if (!keys) return;
  desk.looks.note(request, caller);
  desk.ports.try_camera(keys->dump(), [responder, trace = request.trace](Result<CameraTrialOutcome> outcome) {
    responder.send(outcome ? trial_answer(*outcome, trace) : failed(outcome.error(), trace));
  });
}

void try_channel(const Desk& desk, const Request& request, const Caller& caller, const Responder& responder) {
  desk.ports.try_channel(request.parameter("id"), change_record(request, caller.name, "test"),
                         [responder, trace = request.trace](Result<ChannelTrialOutcome> outcome) {
                           if (!outcome) return void(responder.send(failed(outcome.error(), trace)));
                           ordered_json body{{"delivered", outcome->delivered}};
                           if (!outcome->delivered) body["reason"] = outcome->reason;
                           body["took_ms"] = outcome->took.count();
                           responder.send(json_answer(200, body));
                         });
}

void try_rules(const Desk& desk, const Request& request, const Caller&, const Responder& responder) {
  JsonBody body(request, {"event", "at"});
  auto words = body.optional_texts("event");
  const auto at = body.optional_text("at");
  RuleTrial trial;
  if (at) trial.at = parse_rfc3339(*at);
  if (!words || words->empty()) body.fault("'event' is a list of words, such as [\"ring\", \"front\"]", 422);
  if (at && !trial.at) body.fault("'at' is a time such as 2026-03-29T02:30:00Z", 422);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  trial.event = std::move(*words);
  desk.ports.try_rules(std::move(trial), [responder, trace = request.trace](Result<std::string> outcome) {
    responder.send(outcome ? Response::json(200, std::move(*outcome)) : failed(outcome.error(), trace));
  });
}

using Action = void (*)(const Desk&, const Request&, const Caller&, const Responder&);

CallerHandler bound(const DeskPtr& desk, Action action) {
  return [desk, action](const Request& request, const Caller& caller, const Responder& responder) {
    action(*desk, request, caller, responder);
  };
}

http::Route json_route(Method method, const char* path, std::vector<int> statuses,
                       std::chrono::milliseconds answer) {
  return {.method = method,
          .path = path,
          .statuses = std::move(statuses),
          .body_bytes = entry_bytes,
          .answer = answer,
          .payload = http::Payload::json};
}

}  // namespace

void add_settings_routes(Guard& guard, Looks& looks, SettingsPorts ports) {
  const auto desk = std::make_shared<const Desk>(Desk{looks, std::move(ports)});
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  const auto here = admin.by_session();
  guard.add({.method = Method::get,
             .path = paths::settings,
             .statuses = {200, 429, 503},
             .answer = change_deadline},
            admin, bound(desk, show));
  guard.add(json_route(Method::post, paths::camera_trial, {200, 400, 415, 422, 429, 503}, trial_deadline),
            here.with_secret(), bound(desk, try_camera));
  guard.add(json_route(Method::post, paths::rule_trial, {200, 400, 415, 422, 429, 503}, change_deadline),
            here, bound(desk, try_rules));
  guard.add({.method = Method::post,
             .path = paths::channel_trial,
             .statuses = {200, 404, 409, 429, 503},
             .answer = channel_deadline},
            here, bound(desk, try_channel));
  guard.add(json_route(Method::put, paths::settings_entry, {200, 400, 404, 409, 412, 415, 422, 429, 503},
                       change_deadline),
            here.with_secret(), bound(desk, change));
  guard.add({.method = Method::del,
             .path = paths::settings_entry,
             .statuses = {200, 400, 404, 409, 412, 429, 503},
             .answer = change_deadline},
            here, bound(desk, change));
}

}  // namespace porchlight::api
