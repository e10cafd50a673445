// SPDX-License-Identifier: Apache-2.0
#include "api/control_routes.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "api/paths.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

using http::Problem;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;
using SharedPort = std::shared_ptr<const Port>;

constexpr std::chrono::milliseconds ring_deadline{5'000};
constexpr std::chrono::milliseconds reload_deadline{30'000};
constexpr const char* unknown_button = "urn:porchlight:problem:unknown-button";
constexpr const char* bad_configuration = "urn:porchlight:problem:bad-configuration";

Response json(const ordered_json& body) {
  return Response::json(200, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::already_exists:
      return 409;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::resource:
    case ErrorCode::cancelled:
      return 503;
    default:
      return 500;
  }
}

Response failure(const Error& error, const event::TraceContext& trace) {
  return http::problem_response({.status = status_of(error.code()), .detail = error.text()}, trace);
}

Problem no_such_button(const std::string& id, const std::vector<std::string>& known) {
  Problem problem{.status = 404, .detail = "there is no button '" + id + "'", .type = unknown_button};
  if (const auto near = config::suggestion(id, known)) {
    problem.detail += " (did you mean '" + *near + "'?)";
  } else if (known.empty()) {
    problem.detail += "; the configuration has none";
  }
  problem.list_name = "buttons";
  problem.list = known;
  return problem;
}

// A ring over the control socket comes from the command line unless the caller says `?source=test`; one
// over the network comes from the network, whatever it says.
std::optional<event::TriggerSource> source_of(const Request& request) {
  if (request.peer.listener == http::Listener::tcp) return event::TriggerSource::api;
  const auto named = request.query_value("source").value_or("cli");
  for (const auto source :
       {event::TriggerSource::cli, event::TriggerSource::api, event::TriggerSource::test}) {
    if (named == event::to_string(source)) return source;
  }
  return std::nullopt;
}

void ring(const Port& port, const Request& request, const Responder& responder) {
  const auto& id = request.parameter("id");
  const auto known = port.buttons();
  if (std::find(known.begin(), known.end(), id) == known.end()) {
    responder.send(http::problem_response(no_such_button(id, known), request.trace));
    return;
  }
  const auto source = source_of(request);
  if (!source) {
    responder.send(
        http::problem_response({.status = 400, .detail = "source is cli, api or test"}, request.trace));
    return;
  }
  port.ring({id, *source, request.trace, request.peer},
            [responder, id, trace = request.trace](Result<RingAccepted> outcome) {
              if (!outcome) {
                responder.send(failure(outcome.error(), trace));
                return;
              }
              responder.send(json({{"id", outcome->id.text()},
                                   {"button", id},
                                   {"camera", outcome->camera_id},
                                   {"trace_id", trace.trace_text()}}));
            });
}

Response reloaded(const ReloadReport& report, const event::TraceContext& trace) {
  if (!report.faults.empty()) {
    return http::problem_response({.status = 422,
                                   .detail = "the new configuration has faults, the old one stays",
                                   .type = bad_configuration,
                                   .list_name = "faults",
                                   .list = report.faults},
                                  trace);
  }
  return json({{"applied", report.applied},
               {"restarted", report.restarted},
               {"needs_restart", report.needs_restart},
               {"warnings", report.warnings}});
}

void reload(const Port& port, const Request& request, const Responder& responder) {
  port.reload(request.peer, [responder, trace = request.trace](Result<ReloadReport> report) {
    responder.send(report ? reloaded(*report, trace) : failure(report.error(), trace));
  });
}

void faces_changed(const Port& port, const Request& request, const Responder& responder) {
  port.faces_changed([responder, trace = request.trace](Result<std::size_t> people) {
    responder.send(people ? json({{"people", *people}}) : failure(people.error(), trace));
  });
}

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 0
             ? std::optional(number)
             : std::nullopt;
}

// ?event=ID&sequence=N&channel=ID&before=UNIX_MS, each of which narrows it down.
Result<ResendOrder> resend_order(const Request& request) {
  const auto wrong = [](const char* what) { return Error(ErrorCode::invalid_argument, what); };
  ResendOrder order;
  order.peer = request.peer;
  order.channel_id = request.query_value("channel").value_or("");
  if (const auto id = request.query_value("event")) {
    order.event_id = event::EventId::parse(*id);
    if (!order.event_id) return wrong("event is no event's id");
  }
  if (const auto text = request.query_value("sequence")) {
    const auto number = number_of(*text);
    if (!number || *number > std::numeric_limits<std::uint32_t>::max())
      return wrong("sequence is no message's number");
    order.sequence = static_cast<std::uint32_t>(*number);
  }
  if (const auto text = request.query_value("before")) {
    const auto number = number_of(*text);
    if (!number) return wrong("before is a time in Unix milliseconds");
    order.settled_by = WallTime{std::chrono::milliseconds{*number}};
  }
  return order;
}

void resend(const Port& port, const Request& request, const Responder& responder) {
  auto order = resend_order(request);
  if (!order) {
    responder.send(failure(order.error(), request.trace));
    return;
  }
  port.resend(std::move(*order), [responder, trace = request.trace](Result<ResendReport> report) {
    responder.send(report ? json({{"resent", report->messages},
                                  {"without_channel", report->without_channel},
                                  {"more", report->more}})
                          : failure(report.error(), trace));
  });
}

// A light says who is at the door, a chime that somebody rang: whoever does not see every camera sees the
// doors alone, and that from the role user on. Which of them open to whom is not judged here.
void keep_doors(ordered_json& status, const Caller& caller) {
  if (!status.contains("outputs")) return;
  auto kept = ordered_json::array();
  for (auto& entry : status["outputs"])
    if (caller.role >= store::Role::user && entry.value("on", "") == "door") kept.push_back(std::move(entry));
  status["outputs"] = std::move(kept);
}

// What a caller sees of the status: the cameras of their rights, and what hangs on them. Where files lie is
// for those who can mend them.
ordered_json status_for(const Caller& caller, const Port& port) {
  auto status = ordered_json::parse(port.status());
  if (caller.role == store::Role::admin) return status;
  status["certificate_fault"] = "";
  if (caller.cameras.all) return status;
  const auto keep = [&](const char* list, const auto& camera_of) {
    if (!status.contains(list)) return;
    auto kept = ordered_json::array();
    for (auto& entry : status[list])
      if (caller.cameras.allows(camera_of(entry))) kept.push_back(std::move(entry));
    status[list] = std::move(kept);
  };
  keep("cameras", [](const ordered_json& entry) { return entry.value("id", ""); });
  keep("buttons", [&](const ordered_json& entry) { return port.camera_of_button(entry.value("id", "")); });
  keep("rings", [](const ordered_json& entry) { return entry.value("camera", ""); });
  keep_doors(status, caller);
  return status;
}

// Rings say who came and when: whoever is shown some has looked. The control socket is the machine's own.
void show_status(const Port& port, Looks& looks, const Request& request, const Caller& caller,
                 const Responder& responder) {
  const auto status = status_for(caller, port);
  const auto rings = status.find("rings");
  const bool shows_rings = rings != status.end() && !rings->empty();
  if (shows_rings && request.peer.listener == http::Listener::tcp) looks.note(request, caller);
  responder.send(json(status));
}

using Action = void (*)(const Port&, const Request&, const Responder&);

http::Handler bound(SharedPort port, Action action) {
  return [port = std::move(port), action](const Request& request, const Responder& responder) {
    action(*port, request, responder);
  };
}

}  // namespace

void add_control_routes(Guard& guard, Port port, Looks& looks) {
  const auto shared = std::make_shared<const Port>(std::move(port));
  guard.add({.method = http::Method::post,
             .path = paths::ring,
             .handler = bound(shared, ring),
             .statuses = {200, 400, 404, 503},
             .answer = ring_deadline},
            Access::from(store::Role::user, Scope::ring).for_button());
  guard.add({.method = http::Method::get, .path = paths::status},
            Access::from(store::Role::viewer, Scope::view),
            [shared, &looks](const Request& request, const Caller& caller, const Responder& responder) {
              show_status(*shared, looks, request, caller, responder);
            });
  guard.add({.method = http::Method::post,
             .path = paths::reload,
             .handler = bound(shared, reload),
             .statuses = {200, 422, 503},
             .answer = reload_deadline},
            Access::control_socket());
  guard.add({.method = http::Method::post,
             .path = paths::faces_reload,
             .handler = bound(shared, faces_changed),
             .statuses = {200, 503},
             .answer = reload_deadline},
            Access::control_socket());
  guard.add({.method = http::Method::post,
             .path = paths::outbox_resend,
             .handler = bound(shared, resend),
             .statuses = {200, 400, 503},
             .answer = reload_deadline},
            Access::control_socket());
}

}  // namespace porchlight::api
