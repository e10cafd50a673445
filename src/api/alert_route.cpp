// SPDX-License-Identifier: Apache-2.0
#include "api/alert_route.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/account_routes.hpp"
#include "api/alert_payload.hpp"
#include "api/json_body.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::size_t body_bytes = std::size_t{256} << 10;
constexpr std::size_t most_faults = 10;  // of one notification in the log
// It always fires: that it comes says that Prometheus and Alertmanager live, and nobody is to be told.
constexpr const char* watchdog = "Watchdog";

class AlertDoor {
 public:
  AlertDoor(Library::State& library, const Port& port, telemetry::Metrics& metrics)
      : clock_(library.clock),
        cameras_(port.cameras),
        take_(port.take_alerts),
        watchdog_(metrics.gauge("alerts_watchdog_timestamp_seconds")),
        refused_(metrics.counter(
            "errors_total", {{"component", "api"}, {"error_type", "validation"}, {"severity", "warning"}})) {}

  // Listener's thread.
  void take(const std::shared_ptr<AlertDoor>& self, const Request& request, const Responder& responder) {
    const auto payload = read_alerts(request.body);
    if (!payload)
      return void(responder.send(http::problem_response(
          {.status = 422, .detail = payload.error().text(), .type = "urn:porchlight:problem:alert-payload"},
          request.trace)));
    note_refused(*payload, request);
    const Counted counted{payload->alerts.size(), payload->refused};
    auto received = received_of(payload->alerts);
    if (received.empty()) return void(responder.send(answer(counted, 0)));
    take_(received,
          [self, received, counted, responder, trace = request.trace](const Result<std::size_t>& fresh) {
            if (!fresh) return void(responder.send(busy(fresh.error().text().c_str(), trace)));
            responder.send(answer(counted, *fresh));
          });
  }

 private:
  struct Counted {
    std::size_t received, refused;
  };
  static http::Response answer(const Counted& counted, std::size_t fresh) {
    return json_answer(200, {{"received", counted.received}, {"new", fresh}, {"refused", counted.refused}});
  }

  // Alertmanager reads no answer and repeats the notification whole: the log is where somebody learns of it.
  void note_refused(const AlertPayload& payload, const Request& request) {
    if (payload.refused == 0) return;
    refused_.increment(static_cast<double>(payload.refused));
    std::string faults;
    for (std::size_t i = 0; i < std::min(payload.faults.size(), most_faults); ++i)
      faults += (i == 0 ? "" : "; ") + payload.faults[i];
    log_.with(request.trace)
        .warning("alerts of a notification were not taken",
                 {{"refused", static_cast<std::int64_t>(payload.refused)}, {"fault", faults}});
  }

  std::vector<store::ReceivedAlert> received_of(const std::vector<PayloadAlert>& payload) {
    std::vector<store::ReceivedAlert> received;
    for (const auto& alert : payload) {
      if (alert.name == watchdog) {
        note_watchdog(alert);
        continue;
      }
      event::Alert event{event::make_header(clock_),
                         alert.name,
                         alert.severity,
                         alert.firing,
                         alert.summary,
                         alert.fingerprint,
                         known_camera(alert.camera)};
      received.push_back({std::move(event), alert.starts});
    }
    return received;
  }

  void note_watchdog(const PayloadAlert& alert) {
    if (alert.firing)
      watchdog_.set(std::chrono::duration<double>(clock_.wall().time_since_epoch()).count());
    else
      log_.warning("the watchdog alert is resolved: Prometheus no longer evaluates its rules");
  }

  // A camera of another house is no camera here.
  std::string known_camera(const std::string& id) const {
    const auto cameras = cameras_();
    const bool known =
        std::any_of(cameras.begin(), cameras.end(), [&](const auto& camera) { return camera.id == id; });
    return known ? id : std::string();
  }

  const Clock& clock_;
  const CameraList cameras_;
  const std::function<void(std::vector<store::ReceivedAlert>, Answer<std::size_t>)> take_;
  const telemetry::Logger log_{"doorbell.api", telemetry::Component::api};
  telemetry::Gauge watchdog_;
  telemetry::Counter refused_;
};

}  // namespace

void add_alert_route(Guard& guard, Library::State& library, const Port& port, telemetry::Metrics& metrics) {
  const auto door = std::make_shared<AlertDoor>(library, port, metrics);
  guard.add({.method = http::Method::post,
             .path = paths::alerts_webhook,
             .statuses = {200, 400, 415, 422, 503},
             .body_bytes = body_bytes,
             .payload = http::Payload::json},
            Access::alerting(), [door](const Request& request, const Caller&, const Responder& responder) {
              door->take(door, request, responder);
            });
}

}  // namespace porchlight::api
