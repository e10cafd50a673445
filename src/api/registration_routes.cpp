// SPDX-License-Identifier: Apache-2.0
// One account for one code: the first-run code of the journal, or an administrator's invitation.
#include <chrono>
#include <memory>

#include "api/account_routes.hpp"
#include "api/paths.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;
using Clocked = std::chrono::steady_clock;

struct Registration {
  Request request;
  std::string code_hash;
  std::string name;
  std::string password;
  Clocked::time_point begun = Clocked::now();
};

Response wrong_code(Accounts::State& accounts, const Registration& wanted) {
  accounts.instruments.unauthorized.increment();
  accounts.log.warning("a registration code was wrong", {{"ip_address", wanted.request.peer.address}});
  (void)accounts.audit({.kind = AuditRecord::Kind::authorization,
                        .user = wanted.name,
                        .ip_address = wanted.request.peer.address,
                        .resource = wanted.request.path,
                        .permission = "invitation"});
  return refusal(403, "the code is not valid: wrong, used, expired, or for another name", wanted.request);
}

// The code is looked at before the expensive part, and again inside the transaction that uses it up.
Response make_account(Accounts::State& accounts, OpenAccounts& open, const Registration& wanted) {
  const auto& trace = wanted.request.trace;
  const auto now = accounts.clock.wall();
  auto invitation = open.store.invitation(wanted.code_hash, now);
  if (!invitation) return failure(invitation.error(), trace);
  if (!*invitation || ((*invitation)->name && *(*invitation)->name != wanted.name))
    return wrong_code(accounts, wanted);
  auto hash = accounts.hasher.hash(wanted.password);
  if (!hash) return failure(hash.error(), trace);
  const auto changes = nlohmann::json{{"name", wanted.name}, {"role", to_string((*invitation)->role)}}.dump();
  if (auto refused = record_change(accounts, wanted.request, wanted.name, "add", changes))
    return std::move(*refused);
  store::User user;
  user.name = wanted.name;
  user.password = std::move(*hash);
  user.created = now;
  auto id = open.store.redeem(wanted.code_hash, user, now);
  if (!id && id.error().code() == ErrorCode::already_exists) accounts.instruments.conflicts.increment();
  if (!id) return failure(id.error(), trace);
  if (auto status = accounts.publish(); !status) return failure(status.error(), trace);
  auto made = open.store.find(*id);
  if (!made || !*made) return failure(Error(ErrorCode::internal, "the new account cannot be read"), trace);
  accounts.throttle.succeeded({}, throttle_key(wanted.request.peer.address));
  accounts.instruments.registrations.increment();
  accounts.instruments.registration_duration.observe(
      std::chrono::duration<double>(Clocked::now() - wanted.begun).count());
  return json_answer(201, {{"user", user_json(**made)}});
}

void register_account(Accounts::State& accounts, const Request& request, const Responder& responder) {
  JsonBody body(request, {"code", "name", "password"});
  auto wanted = std::make_shared<Registration>();
  wanted->request = request;
  wanted->code_hash = hash_of_code(body.text("code"));
  const auto name = store::account_name(body.text("name"));
  wanted->password = body.text("password");
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  if (!name)
    body.fault("a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit", 422);
  else if (const auto status = check_password(wanted->password, *name); !status)
    body.fault(status.error().text(), 422);
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  wanted->name = *name;
  const auto address = throttle_key(request.peer.address);
  if (const auto wait = accounts.throttle.begin({}, address)) {
    auto response = refusal(429, "too many failed attempts; wait", request);
    response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
    return (void)responder.send(std::move(response));
  }
  run(
      accounts, Pace::slow, request, responder,
      [&accounts, wanted](OpenAccounts& open) { return make_account(accounts, open, *wanted); },
      [&accounts, address] { accounts.throttle.withdrawn({}, address); });
}

// So that the page can lead to the first account. Without the code nobody makes it.
Response awaited(const Accounts::State& accounts, const Request& request) {
  const auto known = accounts.directory();
  if (known->read) return json_answer(200, {{"first_account", known->users.empty()}});
  auto response = refusal(503, "the accounts are not read yet", request);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

void add_registration_routes(Guard& guard, Accounts::State& accounts) {
  guard.add(
      {.method = http::Method::get,
       .path = paths::registration,
       .handler = [&accounts](const Request& request,
                              const Responder& responder) { responder.send(awaited(accounts, request)); },
       .statuses = {200, 503}},
      Access::everyone());
  guard.add({.method = http::Method::post,
             .path = paths::registration,
             .statuses = {201, 400, 403, 409, 415, 422, 429, 503},
             .body_bytes = account_body_bytes,
             .answer = std::chrono::seconds{15},
             .payload = http::Payload::json},
            Access::everyone().with_secret(),
            [&accounts](const Request& request, const Caller&, const Responder& responder) {
              register_account(accounts, request, responder);
            });
}

}  // namespace porchlight::api
