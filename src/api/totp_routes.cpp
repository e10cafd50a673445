// SPDX-License-Identifier: Apache-2.0
// The second factor of one's own account: enrol, confirm by a code, disable by a code.
#include "api/account_routes.hpp"
#include "api/digest.hpp"
#include "api/paths.hpp"
#include "api/totp.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;

constexpr std::size_t recovery_codes = 10;

Response enrol(Accounts::State& accounts, OpenAccounts& open, const Request& request, const Caller& caller) {
  if (caller.user_id == 0) return refusal(404, "there is no account behind this request", request);
  if (auto refused = record_change(accounts, request, caller.name, "add", R"({"totp":"enrolled"})"))
    return std::move(*refused);
  const auto seed = random_bytes(totp_seed_bytes);
  if (auto status = open.store.enrol_totp(caller.user_id, seed, open.key); !status)
    return failure(status.error(), request.trace);
  return json_answer(201, {{"secret", base32(seed)}, {"uri", totp_uri(seed, caller.name)}});
}

// Guesses at a code count like failed logins.
Response wrong_code(Accounts::State& accounts, const Request& request, const Caller& caller) {
  count_failed_proof(accounts, caller.name, request);
  return refusal(403, "the code is wrong, or was used already", request);
}

Response confirm(Accounts::State& accounts, OpenAccounts& open, const Request& request, const Caller& caller,
                 const SecondFactor& given) {
  auto factor = open.store.totp(caller.user_id, open.key);
  if (!factor) return failure(factor.error(), request.trace);
  if (!*factor || (*factor)->active) return refusal(409, "there is no second factor to confirm", request);
  const auto step =
      totp_match((*factor)->seed, given.code.value_or(""), accounts.clock.wall(), (*factor)->last_step);
  if (!step) return wrong_code(accounts, request, caller);
  accounts.throttle.succeeded(caller.name, throttle_key(request.peer.address));
  if (auto refused = record_change(accounts, request, caller.name, "update", R"({"totp":"active"})"))
    return std::move(*refused);
  auto codes = nlohmann::ordered_json::array();
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < recovery_codes; ++i) {
    const auto code = new_account_code();
    hashes.push_back(code.hash);
    codes.push_back(code.text);
  }
  auto status = open.store.activate_totp(caller.user_id, *step, hashes);
  if (status) status = accounts.publish();
  return status ? json_answer(200, {{"recovery_codes", codes}}) : failure(status.error(), request.trace);
}

Response disable(Accounts::State& accounts, OpenAccounts& open, const Request& request, const Caller& caller,
                 const SecondFactor& given) {
  auto good = second_factor_is_right(open, caller.user_id, given, accounts.clock.wall());
  if (!good) return failure(good.error(), request.trace);
  if (!*good) return wrong_code(accounts, request, caller);
  accounts.throttle.succeeded(caller.name, throttle_key(request.peer.address));
  if (auto refused = record_change(accounts, request, caller.name, "delete", R"({"totp":"disabled"})"))
    return std::move(*refused);
  auto status = open.store.remove_totp(caller.user_id);
  if (status) status = accounts.publish();
  return status ? Response{204, {}, {}} : failure(status.error(), request.trace);
}

using Step = Response (*)(Accounts::State&, OpenAccounts&, const Request&, const Caller&,
                          const SecondFactor&);

CallerHandler with_code(Accounts::State& accounts, Step step) {
  return [&accounts, step](const Request& request, const Caller& caller, const Responder& responder) {
    JsonBody body(request, {"totp", "recovery_code"});
    const SecondFactor given{body.optional_text("totp"), body.optional_text("recovery_code")};
    if (!given.code && !given.recovery) body.fault("'totp' is missing");
    if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
    const auto address = throttle_key(request.peer.address);
    if (const auto wait = accounts.throttle.begin(caller.name, address)) {
      auto response = refusal(429, "too many failed attempts; wait", request);
      response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
      return (void)responder.send(std::move(response));
    }
    run(
        accounts, Pace::quick, request, responder,
        [=, &accounts](OpenAccounts& open) { return step(accounts, open, request, caller, given); },
        [=, &accounts] { accounts.throttle.withdrawn(caller.name, address); });
  };
}

}  // namespace

void add_totp_routes(Guard& guard, Accounts::State& accounts) {
  const auto own = Access::any_account(Scope::manage).by_session();
  guard.add({.method = Method::post, .path = paths::totp, .statuses = {201, 404, 409, 503}}, own,
            [&accounts](const Request& request, const Caller& caller, const Responder& responder) {
              run(accounts, Pace::quick, request, responder,
                  [=, &accounts](OpenAccounts& open) { return enrol(accounts, open, request, caller); });
            });
  guard.add({.method = Method::post,
             .path = paths::totp_confirm,
             .statuses = {200, 400, 403, 409, 415, 429, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            own, with_code(accounts, confirm));
  guard.add({.method = Method::post,
             .path = paths::totp_disable,
             .statuses = {204, 400, 403, 415, 429, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            own, with_code(accounts, disable));
}

}  // namespace porchlight::api
