// SPDX-License-Identifier: Apache-2.0
#include "api/alert_payload.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api/query.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 6> severities{"critical", "high", "warning", "medium", "low", "info"};

Error wrong(std::string what) {
  return {ErrorCode::invalid_argument, std::move(what)};
}

// Empty when it is not there or no text.
std::string text_of(const json& object, const char* name, std::size_t longest) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (found == object.end() || !found->is_string()) return {};
  return std::string(utf8_prefix(found->get_ref<const std::string&>(), longest));
}

bool is_fingerprint(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

Result<PayloadAlert> read_alert(const json& object) {
  if (!object.is_object()) return wrong(" is no object");
  const auto labels = object.value("labels", json());
  const auto annotations = object.value("annotations", json());
  PayloadAlert alert;
  const auto status = text_of(object, "status", longest_label);
  if (status != "firing" && status != "resolved") return wrong(".status is not firing or resolved");
  alert.firing = status == "firing";
  const auto starts = parse_rfc3339(text_of(object, "startsAt", longest_label));
  if (!starts) return wrong(".startsAt is no time of RFC 3339");
  alert.starts = *starts;
  alert.fingerprint = text_of(object, "fingerprint", longest_label);
  if (!is_fingerprint(alert.fingerprint)) return wrong(".fingerprint is not of 1 to 64 hex digits");
  if (!labels.is_object()) return wrong(".labels is no object");
  alert.name = text_of(labels, "alertname", longest_label);
  if (alert.name.empty()) return wrong(".labels.alertname is no text, or empty");
  alert.severity = severity_of(text_of(labels, "severity", longest_label));
  alert.camera = text_of(labels, "camera_id", longest_label);
  for (const auto* annotation : {"summary", "description", "message"})
    if (alert.summary.empty()) alert.summary = text_of(annotations, annotation, longest_annotation);
  return alert;
}

}  // namespace

std::string severity_of(std::string_view label) {
  if (std::find(severities.begin(), severities.end(), label) != severities.end()) return std::string(label);
  return label == "none" ? "info" : "warning";
}

Result<AlertPayload> read_alerts(std::string_view body) {
  const auto object = json::parse(body, nullptr, false);
  if (object.is_discarded()) return wrong("the body is no JSON");
  if (!object.is_object()) return wrong("the body is no object");
  // First: of another version everything else may differ.
  if (object.value("version", json()) != "4") return wrong("version must be \"4\"");
  const auto list = object.find("alerts");
  if (list == object.end() || !list->is_array()) return wrong("alerts must be a list");
  AlertPayload payload;
  const auto taken = std::min(list->size(), most_alerts);
  for (std::size_t i = 0; i < taken; ++i) {
    auto alert = read_alert((*list)[i]);
    if (alert)
      payload.alerts.push_back(std::move(*alert));
    else
      payload.faults.push_back("alerts[" + std::to_string(i) + "]" + alert.error().text());
  }
  payload.refused = payload.faults.size() + list->size() - taken;
  if (taken < list->size())
    payload.faults.push_back(
        "alerts[" + std::to_string(taken) +
        "] and those behind it are too many; set max_alerts of the webhook_config to 100");
  return payload;
}

}  // namespace porchlight::api
