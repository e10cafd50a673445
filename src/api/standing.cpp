// SPDX-License-Identifier: Apache-2.0
#include "api/standing.hpp"

#include <utility>

namespace porchlight::api {

bool still_holds(const Accounts::State& accounts, const Directory& known, const Caller& caller) {
  if (caller.kind == Caller::Kind::control_socket) return true;
  const auto* user = known.enabled_user(caller.user_id);
  if (user == nullptr || user->role != caller.role) return false;
  const bool sees_all = user->cameras.all || user->role == store::Role::admin;
  if (sees_all != caller.cameras.all || user->cameras.ids != caller.cameras.ids) return false;
  const auto now = accounts.clock.wall();
  if (caller.kind == Caller::Kind::session) {
    const auto session = known.sessions.find(caller.key);
    return session != known.sessions.end() && !accounts.is_expired(session->second, now);
  }
  const auto token = known.api_tokens.find(caller.key);
  return token != known.api_tokens.end() && (!token->second.expires || now < *token->second.expires);
}

void record_refusal(Accounts::State& accounts, const http::Request& request, const Caller& caller,
                    std::string permission) {
  const auto refusal = caller.name + '\n' + request.peer.address + '\n' + request.path;
  if (!accounts.refusals.is_new(refusal)) return;
  accounts.log.warning(
      "refused",
      {{"event", "unauthorized_access"}, {"path", request.path}, {"ip_address", request.peer.address}});
  const auto status = accounts.audit({.kind = AuditRecord::Kind::authorization,
                                      .user = caller.name,
                                      .ip_address = request.peer.address,
                                      .user_agent = std::string(request.header("user-agent")),
                                      .resource = request.path,
                                      .permission = std::move(permission)});
  if (!status) accounts.refusals.forget(refusal);
}

void note_refusal(Accounts::State& accounts, const http::Request& request, const Caller& caller,
                  std::string permission) {
  accounts.instruments.unauthorized.increment();
  record_refusal(accounts, request, caller, std::move(permission));
}

http::Response camera_not_granted(Accounts::State& accounts, const http::Request& request,
                                  const Caller& caller, const std::string& camera) {
  note_refusal(accounts, request, caller, "viewer camera '" + camera + "'");
  return http::problem_response({.status = 403, .detail = "not allowed for this camera"}, request.trace);
}

}  // namespace porchlight::api
