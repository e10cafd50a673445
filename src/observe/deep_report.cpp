// SPDX-License-Identifier: Apache-2.0
// The body of /health/deep.
#include <nlohmann/json.hpp>

#include "porchlight/base/overloaded.hpp"
#include "porchlight/observe/deep_health.hpp"

namespace porchlight::observe {
namespace {

using nlohmann::ordered_json;

std::int64_t whole_ms(std::chrono::nanoseconds time) {
  return std::chrono::round<std::chrono::milliseconds>(time).count();
}

// Others than the house's own people may read it, so no text goes out as it came.
ordered_json value_of(const telemetry::Field& field) {
  return std::visit(
      Overloaded{[](const std::string& text) { return ordered_json(telemetry::scrubbed(text)); },
                 [](const auto& number) { return ordered_json(number); }},
      field.value);
}

ordered_json check_of(const CheckReport& report) {
  auto detail = ordered_json::object();
  for (const auto& field : report.detail) detail[std::string(field.key)] = value_of(field);
  return {{"status", to_string(report.outcome)},
          {"duration_ms", whole_ms(report.took)},
          {"detail", std::move(detail)}};
}

}  // namespace

std::string json_of(const DeepReport& report) {
  auto checks = ordered_json::object();
  for (const auto& check : report.checks) checks[std::string(check.check->key)] = check_of(check);
  const ordered_json body{{"status", to_string(report.condition)},
                          {"timestamp", rfc3339(report.at)},
                          {"duration_ms", whole_ms(report.took)},
                          {"checks", std::move(checks)}};
  return body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace porchlight::observe
