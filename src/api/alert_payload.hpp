// SPDX-License-Identifier: Apache-2.0
// The body of Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration,
// webhook_config; read 2026-11-26), closed: an unknown member is refused by its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::api {

// What is taken of one alert.
struct PayloadAlert {
  std::string name;      // label alertname
  std::string severity;  // of the closed set, see severity_of()
  bool firing = true;
  std::string summary;  // annotation summary, else description, else message
  std::string fingerprint;
  std::string camera;  // label camera_id
  WallTime starts{};
};

inline constexpr std::size_t most_alerts = 100;          // of one notification
inline constexpr std::size_t most_labels = 64;           // of one alert; annotations too
inline constexpr std::size_t longest_label = 1024;       // bytes of a value
inline constexpr std::size_t longest_annotation = 4096;  // the same

// The Error's text says what is wrong and where.
Result<std::vector<PayloadAlert>> read_alerts(std::string_view body);

// The nearest word that alerts_received_total knows: `none` is info; what is missing or unknown is warning,
// because somebody wrote the rule to be told.
std::string severity_of(std::string_view label);

}  // namespace porchlight::api
