// SPDX-License-Identifier: Apache-2.0
#include "app/accounts_audit.hpp"

#include "porchlight/telemetry/log.hpp"

namespace porchlight::app {
namespace {

using Kind = api::AuditRecord::Kind;

// Addresses are people's as well as names: the log only commits to them.
store::AuditValue personal_or_nothing(const std::string& text) {
  return text.empty() ? store::plain("") : store::personal(text);
}

// What a client chose, a path or a name of itself: a secret that slipped in is masked.
store::AuditValue theirs(const std::string& text) {
  return store::plain(telemetry::scrubbed(text));
}

store::AuditResult result_of(const api::AuditRecord& record) {
  if (!record.done) return store::AuditResult::begun;
  return *record.done ? store::AuditResult::success : store::AuditResult::failure;
}

store::AuditEvent event_of(const api::AuditRecord& record) {
  switch (record.kind) {
    case Kind::authentication:
      return store::Authentication{record.success, record.method};
    case Kind::authorization:
      return store::Authorization{theirs(record.resource), record.success,
                                  telemetry::scrubbed(record.permission)};
    case Kind::data_access:
      return store::DataAccess{theirs(record.resource), record.operation, record.seconds};
    case Kind::data_modification:
      return store::DataModification{
          record.person.empty() ? theirs(record.resource) : store::personal(record.person), record.operation,
          record.changes_are_personal ? personal_or_nothing(record.changes) : store::plain(record.changes),
          result_of(record)};
    case Kind::security_event:
      break;
  }
  return store::SecurityIncident{record.event_type, "medium", record.description,
                                 audited_account(record.user), std::nullopt};
}

}  // namespace

store::AuditValue audited_account(const std::string& name) {
  // A link is a channel's, whoever follows it; no account has a colon in its name.
  if (name.empty() || name.starts_with("link:")) return store::plain(name);
  return store::personal("account:" + name);
}

store::AuditEntry audit_entry(const api::AuditRecord& record) {
  // Over the socket the kernel has told who asks, by number.
  const bool by_socket = record.ip_address.starts_with("uid:");
  store::AuditActor actor;
  actor.user_id = by_socket ? store::plain(record.ip_address) : audited_account(record.user);
  actor.ip_address = by_socket ? store::plain("local") : personal_or_nothing(record.ip_address);
  actor.user_agent = theirs(record.user_agent);
  return {event_of(record), std::move(actor), std::nullopt};
}

}  // namespace porchlight::app
