// SPDX-License-Identifier: Apache-2.0
#include "api/alert_payload.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/query.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using Is = bool (json::*)() const noexcept;

struct Member {
  std::string_view name;
  Is is;
  const char* kind;
  bool required = true;
};
constexpr std::array<Member, 10> notification_members{{
    {"version", &json::is_string, "a text"},
    {"groupKey", &json::is_string, "a text"},
    {"truncatedAlerts", &json::is_number_unsigned, "a number", false},
    {"status", &json::is_string, "a text"},
    {"receiver", &json::is_string, "a text"},
    {"groupLabels", &json::is_object, "an object"},
    {"commonLabels", &json::is_object, "an object"},
    {"commonAnnotations", &json::is_object, "an object"},
    {"externalURL", &json::is_string, "a text"},
    {"alerts", &json::is_array, "a list"},
}};
constexpr std::array<Member, 7> alert_members{{
    {"status", &json::is_string, "a text"},
    {"labels", &json::is_object, "an object"},
    {"annotations", &json::is_object, "an object"},
    {"startsAt", &json::is_string, "a text"},
    {"endsAt", &json::is_string, "a text"},
    {"generatorURL", &json::is_string, "a text"},
    {"fingerprint", &json::is_string, "a text"},
}};
constexpr std::array<std::string_view, 6> severities{"critical", "high", "warning", "medium", "low", "info"};

// Of a member that nobody knows as much as helps to find it.
std::string shown(std::string name) {
  std::erase_if(name, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return "'" + name.substr(0, 64) + "'";
}

std::optional<Error> wrong(std::string what) {
  return Error(ErrorCode::invalid_argument, std::move(what));
}

template <class Members>
std::optional<Error> members_fault(const json& object, const Members& members, const std::string& where) {
  if (!object.is_object()) return wrong(where + "must be an object");
  for (const auto& member : members) {
    const auto found = object.find(member.name);
    if (found == object.end() && member.required)
      return wrong(where + std::string(member.name) + " is missing");
    if (found != object.end() && !((*found).*member.is)())
      return wrong(where + std::string(member.name) + " must be " + member.kind);
  }
  for (const auto& [name, value] : object.items())
    if (std::none_of(members.begin(), members.end(), [&](const Member& known) { return known.name == name; }))
      return wrong(where + shown(name) + " is not known in version 4");
  return std::nullopt;
}

std::optional<Error> texts_fault(const json& object, std::size_t longest, const std::string& where) {
  if (object.size() > most_labels) return wrong(where + " has more than 64 members");
  for (const auto& [name, value] : object.items()) {
    if (name.empty() || name.size() > 128) return wrong(where + " has a name that is not of 1 to 128 bytes");
    if (!value.is_string()) return wrong(where + "." + shown(name) + " must be a text");
    if (value.template get_ref<const std::string&>().size() > longest)
      return wrong(where + "." + shown(name) + " is longer than " + std::to_string(longest) + " bytes");
  }
  return std::nullopt;
}

std::string text_of(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? std::string() : found->get<std::string>();
}

bool is_fingerprint(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

Result<PayloadAlert> read_alert(const json& object, const std::string& where) {
  if (auto fault = members_fault(object, alert_members, where)) return std::move(*fault);
  if (auto fault = texts_fault(object["labels"], longest_label, where + "labels")) return std::move(*fault);
  if (auto fault = texts_fault(object["annotations"], longest_annotation, where + "annotations"))
    return std::move(*fault);
  PayloadAlert alert;
  const auto status = text_of(object, "status");
  if (status != "firing" && status != "resolved") return *wrong(where + "status is firing or resolved");
  alert.firing = status == "firing";
  const auto starts = parse_rfc3339(text_of(object, "startsAt"));
  if (!starts) return *wrong(where + "startsAt is no time of RFC 3339");
  alert.starts = *starts;
  alert.fingerprint = text_of(object, "fingerprint");
  if (!is_fingerprint(alert.fingerprint)) return *wrong(where + "fingerprint is not of 1 to 64 hex digits");
  alert.name = text_of(object["labels"], "alertname");
  if (alert.name.empty()) return *wrong(where + "labels.alertname is missing");
  alert.severity = severity_of(text_of(object["labels"], "severity"));
  alert.camera = text_of(object["labels"], "camera_id");
  for (const auto* annotation : {"summary", "description", "message"})
    if (alert.summary.empty()) alert.summary = text_of(object["annotations"], annotation);
  return alert;
}

}  // namespace

std::string severity_of(std::string_view label) {
  if (std::find(severities.begin(), severities.end(), label) != severities.end()) return std::string(label);
  return label == "none" ? "info" : "warning";
}

Result<std::vector<PayloadAlert>> read_alerts(std::string_view body) {
  const auto object = json::parse(body, nullptr, false);
  if (object.is_discarded()) return *wrong("the body is no JSON");
  // First: of another version everything else may differ.
  if (object.is_object() && object.contains("version") && object["version"] != "4")
    return *wrong("version must be \"4\"");
  if (auto fault = members_fault(object, notification_members, "")) return std::move(*fault);
  for (const auto* labels : {"groupLabels", "commonLabels", "commonAnnotations"})
    if (auto fault = texts_fault(object[labels], longest_annotation, labels)) return std::move(*fault);
  if (object["alerts"].size() > most_alerts)
    return *wrong("alerts has more than 100 entries; set max_alerts of the webhook_config to 100");
  std::vector<PayloadAlert> alerts;
  for (const auto& entry : object["alerts"]) {
    auto alert = read_alert(entry, "alerts[" + std::to_string(alerts.size()) + "].");
    if (!alert) return std::move(alert).error();
    alerts.push_back(std::move(*alert));
  }
  return alerts;
}

}  // namespace porchlight::api
