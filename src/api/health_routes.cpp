// SPDX-License-Identifier: Apache-2.0
#include "api/health_routes.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "api/paths.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using telemetry::Health;

constexpr std::array order = {Health::Part::config, Health::Part::database, Health::Part::model,
                              Health::Part::cameras, Health::Part::api};

std::string_view word(bool value) {
  return value ? "true" : "false";
}

std::string checks(const Health& health) {
  std::string text = R"("checks":{"model_loaded":)";
  text += word(health.model_loaded);
  text += R"(,"database_connected":)";
  text += word(health.database_connected);
  text += R"(,"storage_accessible":)";
  text += word(health.storage_accessible);
  return text + '}';
}

std::string components(const Health& health) {
  std::string text = R"("components":{)";
  for (const auto part : order) {
    if (part != order.front()) text += ',';
    text += '"';
    text += to_string(part);
    text += R"(":")";
    text += to_string(health.get(part));
    text += '"';
  }
  return text + '}';
}

std::string ready_word(const Health& health) {
  return health.ready() ? "ready" : "not_ready";
}

int code(bool good) {
  return good ? 200 : 503;
}

void add(Guard& guard, const char* path, Access access, std::function<Response()> answer) {
  guard.add({.method = Method::get,
             .path = path,
             .handler = [answer = std::move(answer)](
                            const Request&, const Responder& responder) { responder.send(answer()); },
             .statuses = {200, 503}},
            access);
}

// Servers of channels are waited for one after the other.
constexpr std::chrono::milliseconds deep_deadline{120'000};

Response deep_answer(const Result<DeepHealthReport>& report, const event::TraceContext& trace) {
  if (report) return Response::json(code(!report->unhealthy), report->body);
  return http::problem_response({.status = 503, .detail = report.error().text()}, trace);
}

}  // namespace

std::string live_body(const Health& health) {
  return R"({"status":")" + std::string(health.alive ? "alive" : "dead") + R"(","timestamp":")" +
         rfc3339(health.clock().wall()) + R"("})";
}

std::string ready_body(const Health& health) {
  return R"({"status":")" + ready_word(health) + R"(",)" + checks(health) + '}';
}

std::string startup_body(Health& health) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.2f", health.startup_seconds());
  return R"({"status":")" + std::string(health.started() ? "started" : "starting") + R"(","startup_time":)" +
         seconds.data() + ',' + components(health) + '}';
}

std::string health_body(const Health& health) {
  return R"({"status":")" + ready_word(health) + R"(",)" + checks(health) + ',' + components(health) + '}';
}

void add_health_routes(Guard& guard, Health& health) {
  const auto open = Access::everyone();
  add(guard, paths::live, open, [&health] { return Response::json(code(health.alive), live_body(health)); });
  add(guard, paths::ready, open,
      [&health] { return Response::json(code(health.ready()), ready_body(health)); });
  add(guard, paths::startup, open,
      [&health] { return Response::json(code(health.started()), startup_body(health)); });
  add(guard, paths::health, Access::monitoring(),
      [&health] { return Response::json(code(health.ready()), health_body(health)); });
}

void add_deep_health_route(Guard& guard, DeepHealthPort look) {
  guard.add({.method = Method::get,
             .path = paths::deep_health,
             .handler =
                 [look = std::move(look)](const Request& request, const Responder& responder) {
                   look([responder, trace = request.trace](const Result<DeepHealthReport>& report) {
                     responder.send(deep_answer(report, trace));
                   });
                 },
             .statuses = {200, 503},
             .answer = deep_deadline},
            Access::monitoring());
}

}  // namespace porchlight::api
