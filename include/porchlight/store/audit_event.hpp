// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "porchlight/base/clock.hpp"

namespace porchlight::store {

// A text of a record. A personal one leaves only a commitment in the log: the text itself lies in the
// database, where it can be erased (docs/audit.md).
struct AuditValue {
  std::string text;
  bool personal = false;
};
inline AuditValue plain(std::string text) {
  return {std::move(text), false};
}
inline AuditValue personal(std::string text) {
  return {std::move(text), true};
}

// Who did it, from where. The daemon itself is `system`.
struct AuditActor {
  AuditValue user_id = plain("system");
  AuditValue ip_address;
  AuditValue user_agent;
};

// What of an act the record says. A privileged act is recorded twice: `begun` before it, then what
// became of it.
enum class AuditResult : std::uint8_t { begun, success, failure };
std::string_view to_string(AuditResult result) noexcept;

// The eight kinds, each with what it must say.
struct Authentication {
  bool success = false;
  std::string method;  // password, token, certificate, totp
};
struct Authorization {
  AuditValue resource;
  bool granted = false;
  std::string permission;
};
struct DataAccess {
  AuditValue resource;
  std::string operation;  // read, export, view
  // Of what lasts, a live picture: how long it was looked at, when that has ended.
  std::optional<std::int64_t> seconds{};
};
struct DataModification {
  AuditValue resource;
  std::string operation;  // add, update, delete, test
  AuditValue changes;
  AuditResult result = AuditResult::success;
};
struct SecurityIncident {
  std::string kind;      // as event_type of security_events_total
  std::string severity;  // critical, high, medium, low, info
  std::string description;
  AuditValue person_id;
  std::optional<double> confidence;
};
// Secrets are masked by whoever fills it in; what looks like one is masked again here.
struct SystemChange {
  std::string component;
  std::string change_type;
  std::string description;
  std::string old_value;
  std::string new_value;
  AuditResult result = AuditResult::success;
};
struct FaceRecognition {
  std::string result_type;
  double confidence = 0;  // 0…1
  AuditValue person_id;
  std::string camera_id;
};
struct NotificationSent {
  std::string channel;
  AuditValue recipient;
  std::string notification_type;
  bool success = false;
  std::string message_id;
};

// In the order of audit_type_names.
using AuditEvent = std::variant<Authentication, Authorization, DataAccess, DataModification, SecurityIncident,
                                SystemChange, FaceRecognition, NotificationSent>;

struct AuditEntry {
  AuditEvent event;
  AuditActor actor;
  std::optional<WallTime> at;  // now, when it is not given
};

// `audit_type` of the record and `event_type` of audit_log_entries_total.
std::string_view audit_type(const AuditEvent& event) noexcept;
std::span<const std::string_view> audit_types() noexcept;

}  // namespace porchlight::store
