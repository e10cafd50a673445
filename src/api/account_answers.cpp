// SPDX-License-Identifier: Apache-2.0
// What the account routes have in common.
#include "api/account_routes.hpp"

#include <utility>

#include "api/totp.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::already_exists:
    case ErrorCode::unsupported:  // the last administrator
      return 409;
    case ErrorCode::invalid_argument:
      return 422;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::resource:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

http::Response failure(const Error& error, const event::TraceContext& trace) {
  return http::problem_response({.status = status_of(error.code()), .detail = error.text()}, trace);
}

http::Response refusal(int status, std::string detail, const http::Request& request) {
  return http::problem_response({.status = status, .detail = std::move(detail)}, request.trace);
}

nlohmann::ordered_json user_json(const store::User& user) {
  nlohmann::ordered_json object{{"id", user.id}, {"name", user.name}, {"role", to_string(user.role)}};
  object["all_cameras"] = user.cameras.all || user.role == store::Role::admin;
  object["cameras"] = user.cameras.ids;
  object["disabled"] = user.disabled;
  object["totp"] = user.totp;
  object["created"] = rfc3339(user.created);
  return object;
}

AuditRecord change_record(const http::Request& request, const std::string& who, std::string operation) {
  return {.kind = AuditRecord::Kind::data_modification,
          .user = who,
          .ip_address = request.peer.address,
          .user_agent = std::string(request.header("user-agent")),
          .resource = request.path,
          .operation = std::move(operation)};
}

AuditRecord change_record(const http::Request& request, const std::string& who, std::string operation,
                          std::string changes) {
  auto record = change_record(request, who, std::move(operation));
  record.changes = std::move(changes);
  record.changes_are_personal = false;
  return record;
}

std::optional<http::Response> record_change(Accounts::State& accounts, const http::Request& request,
                                            const std::string& who, const std::string& operation,
                                            const std::string& changes) {
  auto record = change_record(request, who, operation);
  record.changes = changes;
  auto status = accounts.begin_change(std::move(record));
  if (status) return std::nullopt;
  accounts.log.error("a change was refused because it cannot be recorded",
                     {{"fault", status.error().text()}});
  return refusal(503, "the audit trail cannot be written, so nothing was changed", request);
}

void count_failed_proof(Accounts::State& accounts, const std::string& name, const http::Request& request) {
  accounts.instruments.failed_login.increment();
  if (accounts.throttle.failed(name)) {
    accounts.instruments.lockouts.increment();
    accounts.instruments.account_lockout.increment();
    accounts.log.warning("an account is locked after failed logins", {{"ip_address", request.peer.address}});
    (void)accounts.audit({.kind = AuditRecord::Kind::security_event,
                          .user = name,
                          .ip_address = request.peer.address,
                          .event_type = "account_lockout",
                          .description = "locked after failed logins"});
  }
  accounts.measure();
}

Result<bool> second_factor_is_right(OpenAccounts& open, std::int64_t user_id, const SecondFactor& given,
                                    WallTime now) {
  if (given.recovery) return open.store.use_recovery_code(user_id, hash_of_code(*given.recovery));
  if (!given.code) return false;
  auto factor = open.store.totp(user_id, open.key);
  if (!factor) return std::move(factor).error();
  if (!*factor || !(*factor)->active) return false;
  const auto step = totp_match((*factor)->seed, *given.code, now, (*factor)->last_step);
  return step ? open.store.use_totp_step(user_id, *step) : Result<bool>(false);
}

}  // namespace porchlight::api
