// SPDX-License-Identifier: Apache-2.0
// Logging in and out, one's own sessions and password.
#include <chrono>
#include <memory>

#include "api/account_routes.hpp"
#include "api/cookies.hpp"
#include "api/digest.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;
using Clocked = std::chrono::steady_clock;

constexpr std::chrono::milliseconds login_deadline{15'000};  // a full queue of slow boards
constexpr std::size_t sessions_per_user = 20;
constexpr std::size_t agent_bytes = 120;
constexpr const char* second_factor_needed = "urn:porchlight:problem:second-factor";
constexpr const char* locked = "urn:porchlight:problem:locked";

struct LoginAttempt {
  Request request;
  std::string account;  // as counted by the throttle; what cannot be a name is counted as typed
  std::string password;
  SecondFactor factor;
  Clocked::time_point begun = Clocked::now();
};

Response too_many(const Request& request, std::chrono::seconds wait) {
  auto response = http::problem_response(
      {.status = 429, .detail = "too many failed attempts; wait", .type = locked}, request.trace);
  response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return response;
}

AuditRecord login_record(const LoginAttempt& attempt, bool success) {
  const bool totp = attempt.factor.code || attempt.factor.recovery;
  return {.kind = AuditRecord::Kind::authentication,
          .user = attempt.account,
          .ip_address = attempt.request.peer.address,
          .user_agent = std::string(attempt.request.header("user-agent")),
          .success = success,
          .method = totp ? "totp" : "password",
          .resource = attempt.request.path};
}

// One answer for a wrong name, a wrong password, a wrong code and a disabled account.
Response failed_login(Accounts::State& accounts, const LoginAttempt& attempt) {
  accounts.instruments.failed_logins.increment();
  accounts.log.warning("a login failed",
                       {{"event", "failed_login"}, {"ip_address", attempt.request.peer.address}});
  (void)accounts.audit(login_record(attempt, false));
  count_failed_proof(accounts, attempt.account, attempt.request);
  return refusal(401, "name, password or code is wrong", attempt.request);
}

ordered_json session_json(const store::User& user, const std::string& csrf_token, WallTime ends) {
  return {{"user", user_json(user)}, {"csrf_token", csrf_token}, {"expires", rfc3339(ends)}};
}

// A session always gets a new random value: what the client sent before is ended, never adopted.
Result<Response> begin_session(Accounts::State& accounts, OpenAccounts& open, const LoginAttempt& attempt,
                               const store::User& user) {
  const auto& request = attempt.request;
  const auto known = accounts.directory();
  if (const auto before = request.cookie(session_cookie_name(request))) {
    const auto found = known->sessions.find(sha256_hex(*before));
    if (found != known->sessions.end())
      if (auto status = open.store.end_session(found->second.row.id); !status)
        return std::move(status).error();
  }
  const auto token = random_secret(32);
  const auto now = accounts.clock.wall();
  store::Session session{.user_id = user.id,
                         .token_hash = sha256_hex(token),
                         .created = now,
                         .seen = now,
                         .address = request.peer.address,
                         .agent = std::string(request.header("user-agent").substr(0, agent_bytes))};
  if (auto id = open.store.begin_session(session, sessions_per_user); !id) return std::move(id).error();
  if (auto status = accounts.publish(); !status) return std::move(status).error();
  auto response = json_answer(200, session_json(user, base64url(hmac_sha256(token, "csrf")),
                                                now + accounts.options.session_absolute));
  response.headers.emplace_back("Set-Cookie", session_cookie(request, token));
  return response;
}

void rehash_when_outdated(Accounts::State& accounts, OpenAccounts& open, const LoginAttempt& attempt,
                          const store::User& user) {
  if (!accounts.hasher.is_outdated(user.password)) return;
  auto fresh = accounts.hasher.hash(attempt.password);
  if (fresh && open.store.rehash(user.id, *fresh)) return;
  accounts.log.warning("a password keeps its old parameters");
}

Response log_in(Accounts::State& accounts, OpenAccounts& open, const LoginAttempt& attempt) {
  const auto& trace = attempt.request.trace;
  auto user = open.store.find(attempt.account);
  if (!user) return failure(user.error(), trace);
  // The work is the same whether the account exists, is disabled, or neither.
  const bool right = accounts.hasher.is_right(*user ? (*user)->password : std::string(), attempt.password);
  if (!right || (*user)->disabled) return failed_login(accounts, attempt);
  if ((*user)->totp) {
    if (!attempt.factor.code && !attempt.factor.recovery) {
      // Not a failure, and not a success that would forget the failures before.
      accounts.throttle.withdrawn(attempt.account, throttle_key(attempt.request.peer.address));
      return http::problem_response({.status = 401,
                                     .detail = "send the second factor as 'totp' or 'recovery_code'",
                                     .type = second_factor_needed},
                                    trace);
    }
    auto good = second_factor_is_right(open, (*user)->id, attempt.factor, accounts.clock.wall());
    if (!good) return failure(good.error(), trace);
    if (!*good) return failed_login(accounts, attempt);
  }
  rehash_when_outdated(accounts, open, attempt, **user);
  accounts.throttle.succeeded(attempt.account, throttle_key(attempt.request.peer.address));
  auto response = begin_session(accounts, open, attempt, **user);
  if (!response) return failure(response.error(), trace);
  accounts.instruments.logins.increment();
  accounts.instruments.login_duration.observe(
      std::chrono::duration<double>(Clocked::now() - attempt.begun).count());
  (void)accounts.audit(login_record(attempt, true));
  return std::move(*response);
}

void login(Accounts::State& accounts, const Request& request, const Responder& responder) {
  JsonBody body(request, {"name", "password", "totp", "recovery_code"});
  auto attempt = std::make_shared<LoginAttempt>();
  attempt->request = request;
  const auto name = body.text("name");
  attempt->account = store::account_name(name).value_or(name.substr(0, 64));
  attempt->password = body.text("password");
  attempt->factor = {body.optional_text("totp"), body.optional_text("recovery_code")};
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  const auto address = throttle_key(request.peer.address);
  if (const auto wait = accounts.throttle.begin(attempt->account, address))
    return (void)responder.send(too_many(request, *wait));
  run(
      accounts, Pace::slow, request, responder,
      [&accounts, attempt](OpenAccounts& open) { return log_in(accounts, open, *attempt); },
      [&accounts, attempt, address] { accounts.throttle.withdrawn(attempt->account, address); });
}

// Ends at once for the listener; the row goes when the executor comes to it.
void end_now(const Accounts::State& accounts, std::int64_t session_id) {
  const auto known = accounts.directory();
  for (const auto& [hash, session] : known->sessions)
    if (session.row.id == session_id) session.life->ended = true;
}

void end_session(Accounts::State& accounts, const Request& request, const Responder& responder,
                 std::int64_t id, Response success) {
  run(accounts, Pace::quick, request, responder,
      [&accounts, id, trace = request.trace, success = std::move(success)](OpenAccounts& open) -> Response {
        auto status = open.store.end_session(id);
        if (status) end_now(accounts, id);
        if (status) status = accounts.publish();
        return status ? success : failure(status.error(), trace);
      });
}

void logout(Accounts::State& accounts, const Request& request, const Caller& caller,
            const Responder& responder) {
  if (caller.kind != Caller::Kind::session)
    return (void)responder.send(refusal(400, "there is no session to end here", request));
  end_now(accounts, caller.session_id);
  Response success{204, {{"Set-Cookie", expired_session_cookie(request)}}, {}};
  end_session(accounts, request, responder, caller.session_id, std::move(success));
}

void who_am_i(Accounts::State& accounts, const Request& request, const Caller& caller,
              const Responder& responder) {
  const auto known = accounts.directory();
  const auto* user = known->enabled_user(caller.user_id);
  if (user == nullptr)
    return (void)responder.send(refusal(404, "there is no account behind this request", request));
  ordered_json answer{{"user", user_json(*user)}};
  if (caller.kind == Caller::Kind::session) {
    answer["csrf_token"] = caller.csrf_token;
    for (const auto& [hash, session] : known->sessions)
      if (session.row.id == caller.session_id)
        answer["expires"] = rfc3339(session.row.created + accounts.options.session_absolute);
  }
  responder.send(json_answer(200, answer));
}

void own_sessions(Accounts::State& accounts, const Request&, const Caller& caller,
                  const Responder& responder) {
  auto list = ordered_json::array();
  const auto known = accounts.directory();
  const auto now = accounts.clock.wall();
  for (const auto& [hash, session] : known->sessions) {
    if (session.row.user_id != caller.user_id || accounts.is_expired(session, now)) continue;
    list.push_back({{"id", session.row.id},
                    {"created", rfc3339(session.row.created)},
                    {"seen", rfc3339(session.life->seen())},
                    {"ip_address", session.row.address},
                    {"user_agent", session.row.agent},
                    {"current", session.row.id == caller.session_id}});
  }
  responder.send(json_answer(200, {{"sessions", list}}));
}

void end_own_session(Accounts::State& accounts, const Request& request, const Caller& caller,
                     const Responder& responder) {
  const auto known = accounts.directory();
  for (const auto& [hash, session] : known->sessions) {
    if (session.row.user_id != caller.user_id || std::to_string(session.row.id) != request.parameter("id"))
      continue;
    end_now(accounts, session.row.id);
    return end_session(accounts, request, responder, session.row.id, Response{204, {}, {}});
  }
  responder.send(refusal(404, "you have no such session", request));
}

Response change_password(Accounts::State& accounts, OpenAccounts& open, const Request& request,
                         const Caller& caller, const std::string& current, const std::string& fresh) {
  auto user = open.store.find(caller.user_id);
  if (!user) return failure(user.error(), request.trace);
  const bool right = accounts.hasher.is_right(*user ? (*user)->password : std::string(), current);
  if (!right) {
    count_failed_proof(accounts, caller.name, request);
    return refusal(403, "the current password is wrong", request);
  }
  accounts.throttle.succeeded(caller.name, throttle_key(request.peer.address));
  if (auto refused = record_change(accounts, request, caller.name, "update", R"({"password":"changed"})"))
    return std::move(*refused);
  auto hash = accounts.hasher.hash(fresh);
  if (!hash) return failure(hash.error(), request.trace);
  auto status = open.store.set_password(caller.user_id, *hash, caller.session_id);
  if (status) status = accounts.publish();
  return status ? Response{204, {}, {}} : failure(status.error(), request.trace);
}

void password(Accounts::State& accounts, const Request& request, const Caller& caller,
              const Responder& responder) {
  JsonBody body(request, {"current", "new"});
  const auto current = body.text("current");
  const auto fresh = body.text("new");
  if (const auto status = check_password(fresh, caller.name); !status) body.fault(status.error().text(), 422);
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  const auto address = throttle_key(request.peer.address);
  if (const auto wait = accounts.throttle.begin(caller.name, address))
    return (void)responder.send(too_many(request, *wait));
  run(
      accounts, Pace::slow, request, responder,
      [=, &accounts](OpenAccounts& open) {
        return change_password(accounts, open, request, caller, current, fresh);
      },
      [=, &accounts] { accounts.throttle.withdrawn(caller.name, address); });
}

template <class Function>
CallerHandler bound(Accounts::State& accounts, Function function) {
  return [&accounts, function](const Request& request, const Caller& caller, const Responder& responder) {
    function(accounts, request, caller, responder);
  };
}

}  // namespace

void add_auth_routes(Guard& guard, Accounts::State& accounts) {
  const auto own = Access::any_account(Scope::view);
  guard.add({.method = Method::post,
             .path = paths::login,
             .statuses = {200, 400, 401, 403, 415, 429, 503},
             .body_bytes = account_body_bytes,
             .answer = login_deadline,
             .payload = http::Payload::json},
            Access::everyone().with_secret(),
            [&accounts](const Request& request, const Caller&, const Responder& responder) {
              login(accounts, request, responder);
            });
  guard.add({.method = Method::post, .path = paths::logout, .statuses = {204, 503}}, own.by_session(),
            bound(accounts, logout));
  guard.add({.method = Method::get, .path = paths::session, .statuses = {200, 404}}, own,
            bound(accounts, who_am_i));
  guard.add({.method = Method::get, .path = paths::sessions}, own.by_session(),
            bound(accounts, own_sessions));
  guard.add({.method = Method::del, .path = paths::session_by_id, .statuses = {204, 404, 503}},
            own.by_session(), bound(accounts, end_own_session));
  guard.add({.method = Method::post,
             .path = paths::password,
             .statuses = {204, 400, 403, 415, 422, 429, 503},
             .body_bytes = account_body_bytes,
             .answer = login_deadline,
             .payload = http::Payload::json},
            own.by_session(), bound(accounts, password));
}

}  // namespace porchlight::api
