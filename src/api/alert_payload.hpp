// SPDX-License-Identifier: Apache-2.0
// The body of Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration,
// webhook_config; read 2026-11-26). Members that are not read may be anything: a later Alertmanager adds
// some.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::api {

// What is taken of one alert.
struct PayloadAlert {
  std::string name;      // label alertname, clipped
  std::string severity;  // of the closed set, see severity_of()
  bool firing = true;
  std::string summary;  // annotation summary, else description, else message; clipped
  std::string fingerprint;
  std::string camera;  // label camera_id
  WallTime starts{};
};

// One bad alert does not keep the others: Alertmanager would send all of them again for ever, or none.
struct AlertPayload {
  std::vector<PayloadAlert> alerts;
  std::size_t refused = 0;
  std::vector<std::string> faults;  // place and reason; those beyond most_alerts are one
};

inline constexpr std::size_t most_alerts = 100;          // of one notification
inline constexpr std::size_t longest_label = 1024;       // bytes that are kept of a value
inline constexpr std::size_t longest_annotation = 4096;  // the same

// An Error only when it is no notification of version 4; its text says why.
Result<AlertPayload> read_alerts(std::string_view body);

// The nearest word that alerts_received_total knows: `none` is info; what is missing or unknown is warning,
// because somebody wrote the rule to be told.
std::string severity_of(std::string_view label);

}  // namespace porchlight::api
