// SPDX-License-Identifier: Apache-2.0
#include "api/guard.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "api/cookies.hpp"
#include "api/digest.hpp"
#include "api/peer_trust.hpp"
#include "api/standing.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Response;
using Grant = Access::Grant;

constexpr std::string_view token_name = "token";  // of whoever does not want to name the account
constexpr const char* forged = "urn:porchlight:problem:csrf";

bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options;
}

Response unauthorized(const Request& request) {
  auto response = http::problem_response({.status = 401, .detail = "log in, or send a token"}, request.trace);
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"porchlight\"");
  return response;
}

Response try_again(const Request& request) {
  auto response = http::problem_response(
      {.status = 503, .detail = "the accounts are not read yet, or cannot be; the journal says why"},
      request.trace);
  response.headers.emplace_back("Retry-After", "2");
  return response;
}

// What follows `scheme` and its blanks; nothing when the value is of another scheme or ends there.
std::optional<std::string_view> credentials_of(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if ((value[i] | 0x20) != scheme[i]) return std::nullopt;
  const auto at = value.find_first_not_of(' ', scheme.size());
  return at == std::string_view::npos ? std::nullopt : std::optional(value.substr(at));
}

void fill(Caller& caller, const store::User& user) {
  caller.user_id = user.id;
  caller.name = user.name;
  caller.role = user.role;
  caller.cameras = user.cameras;
  if (user.role == store::Role::admin) caller.cameras.all = true;
}

std::uint8_t bits_of(std::string_view scopes) {
  std::uint8_t bits = 0;
  while (!scopes.empty()) {
    const auto word = scopes.substr(0, scopes.find(' '));
    if (const auto scope = scope_of(word))
      bits = static_cast<std::uint8_t>(bits | 1U << static_cast<unsigned>(*scope));
    scopes.remove_prefix(std::min(scopes.size(), word.size() + 1));
  }
  return bits;
}

// monitor stands beside the order viewer < user < admin: it sees numbers, never pictures.
bool role_suffices(store::Role role, const Access& access) {
  using store::Role;
  if (role == Role::admin || access.grant == Grant::account) return true;
  if (access.grant == Grant::monitoring || access.grant == Grant::alerting) return role == Role::monitor;
  return access.grant == Grant::role && role != Role::monitor && role >= access.least;
}

// For the access log: numbers, because names are personal.
std::string asker_of(const Caller& caller) {
  switch (caller.kind) {
    case Caller::Kind::nobody:
      return {};
    case Caller::Kind::control_socket:
      return caller.name;
    case Caller::Kind::scrape_token:
      return "scrape-token";
    case Caller::Kind::session:
    case Caller::Kind::api_token:
      break;
  }
  return std::to_string(caller.user_id);
}

std::string session_of(const Caller& caller) {
  return caller.kind == Caller::Kind::session ? std::to_string(caller.session_id) : std::string();
}

// What every record says that is made on this request's behalf.
telemetry::LogContext context_of(const Request& request, const Caller& caller) {
  telemetry::LogContext context;
  context.request_id = request.request_id;
  context.correlation_id = request.correlation_id;
  context.trace_id = request.trace.trace_text();
  context.span_id = request.trace.span_text();
  context.user_id = asker_of(caller);
  context.session_id = session_of(caller);
  return context;
}

// What a template names: {id}, or {camera} where a file of it follows.
const std::string& subject_of(const Request& request) {
  const auto& id = request.parameter("id");
  return id.empty() ? request.parameter("camera") : id;
}

std::string permission_text(const Access& access, const std::string& camera) {
  std::string text(access.grant == Grant::monitoring ? "monitor" : to_string(access.least));
  if (access.subject != Access::Subject::none) text += " camera '" + camera + "'";
  return text;
}

}  // namespace

constexpr std::array scope_words{"view", "ring", "manage", "metrics", "alerts"};

std::string_view to_string(Scope scope) noexcept {
  return scope_words[static_cast<std::size_t>(scope)];
}

std::optional<Scope> scope_of(std::string_view word) noexcept {
  for (std::size_t i = 0; i < scope_words.size(); ++i)
    if (word == scope_words[i]) return static_cast<Scope>(i);
  return std::nullopt;
}

bool is_own_origin(const Request& request) {
  const auto site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const auto origin = request.header("origin");
  if (origin.empty()) return true;
  const std::string_view scheme = is_secure(request.peer) ? "https://" : "http://";
  return origin.starts_with(scheme) && origin.substr(scheme.size()) == request.header("host");
}

Caller Guard::Judge::by_cookie(const Request& request, const Directory& known) const {
  const auto token = request.cookie(session_cookie_name(request));
  if (!token || token->empty() || !is_private(request)) return {};
  const auto found = known.sessions.find(sha256_hex(*token));
  const auto now = accounts_.clock.wall();
  const bool known_here = found != known.sessions.end() && !accounts_.is_expired(found->second, now);
  auto& cache = accounts_.instruments.session_cache;
  known_here ? cache.hit() : cache.miss();
  if (!known_here) return {};
  const auto* user = known.enabled_user(found->second.row.user_id);
  if (user == nullptr) return {};
  found->second.life->seen_ms.store(SessionLife::to_ms(now), std::memory_order_relaxed);
  Caller caller{.kind = Caller::Kind::session};
  fill(caller, *user);
  caller.session_id = found->second.row.id;
  caller.key = found->first;
  caller.csrf_token = base64url(hmac_sha256(*token, "csrf"));
  return caller;
}

Caller Guard::Judge::by_api_token(const Directory& known, std::string_view token) const {
  Claims claims;
  auto verdict =
      known.signer ? known.signer->verify(token, accounts_.clock.wall(), claims) : TokenVerdict::malformed;
  const auto* user = known.enabled_user(claims.user);
  if (verdict == TokenVerdict::valid && (user == nullptr || !known.api_tokens.contains(claims.id)))
    verdict = TokenVerdict::revoked;
  accounts_.count(verdict);
  if (verdict != TokenVerdict::valid) {
    accounts_.instruments.token_violation.increment();
    return {};
  }
  Caller caller{.kind = Caller::Kind::api_token};
  fill(caller, *user);
  caller.scopes = bits_of(claims.scopes);
  caller.key = claims.id;
  return caller;
}

Caller Guard::Judge::by_scrape_token(const Directory& known, std::string_view secret) const {
  const auto found = known.scrape_tokens.find(sha256_hex(secret));
  const bool good = found != known.scrape_tokens.end() &&
                    known.enabled_user(found->second.user_id) != nullptr &&
                    (!found->second.expires || accounts_.clock.wall() < *found->second.expires);
  if (!good) {
    accounts_.instruments.token_violation.increment();
    return {};
  }
  return {.kind = Caller::Kind::scrape_token,
          .name = found->second.name,
          .role = store::Role::monitor,
          .scopes = bits_of(found->second.scopes)};
}

// Basic, `name:token`. Whose token it is stands in the token; a name that says otherwise is a mistake.
Caller Guard::Judge::by_password(const Directory& known, std::string_view pair) const {
  const auto colon = pair.find(':');
  if (colon == std::string_view::npos) return {};
  const auto name = pair.substr(0, colon);
  const auto token = pair.substr(colon + 1);
  if (token.starts_with("pls_")) return by_scrape_token(known, token);
  auto caller = by_api_token(known, token);
  if (caller.kind == Caller::Kind::nobody || name == token_name || name == caller.name) return caller;
  accounts_.instruments.token_violation.increment();
  return {};
}

// Bearer; or basic with the token as password, because some scrapers and viewers know nothing else.
Caller Guard::Judge::by_header(const Directory& known, std::string_view value) const {
  if (const auto token = credentials_of(value, "bearer"))
    return token->starts_with("pls_") ? by_scrape_token(known, *token) : by_api_token(known, *token);
  if (const auto encoded = credentials_of(value, "basic")) {
    const auto pair = from_base64(*encoded);
    if (pair) return by_password(known, *pair);
  }
  return {};
}

Caller Guard::Judge::identify(const Request& request) const {
  if (request.peer.listener == http::Listener::unix_socket)
    return {.kind = Caller::Kind::control_socket,
            .name = request.peer.address,
            .role = store::Role::admin,
            .cameras = {.all = true}};
  const auto known = accounts_.directory();
  if (const auto value = request.header("authorization"); !value.empty()) return by_header(*known, value);
  return by_cookie(request, *known);
}

// Nobody is known yet, and this may be somebody.
bool Guard::Judge::is_too_early(const Request& request) const {
  if (request.peer.listener == http::Listener::unix_socket || accounts_.directory()->read) return false;
  return !request.header("authorization").empty() || request.cookie(session_cookie_name(request));
}

Response Guard::Judge::forbidden(const Request& request, const Caller& caller, const Access& access,
                                 std::string why) const {
  const bool reaches_up = access.grant == Grant::role && access.least == store::Role::admin;
  (reaches_up ? accounts_.instruments.privilege_escalation : accounts_.instruments.unauthorized).increment();
  record_refusal(accounts_, request, caller, permission_text(access, subject_of(request)));
  return http::problem_response({.status = 403, .detail = std::move(why)}, request.trace);
}

std::optional<Response> Guard::Judge::missing_right(const Request& request, const Caller& caller,
                                                    const Access& access) const {
  const bool is_token = caller.kind == Caller::Kind::api_token || caller.kind == Caller::Kind::scrape_token;
  if (!role_suffices(caller.role, access))
    return forbidden(request, caller, access,
                     "the role '" + std::string(to_string(caller.role)) + "' may not do this");
  if (is_token && access.session_only)
    return forbidden(request, caller, access, "a token may not do this; log in");
  if (is_token && !caller.has(access.scope))
    return forbidden(request, caller, access,
                     "the token has no scope '" + std::string(to_string(access.scope)) + "'");
  if (access.subject == Access::Subject::none) return std::nullopt;
  const auto& id = subject_of(request);
  // A button without a camera belongs to those who may see all of them.
  const auto camera = access.subject == Access::Subject::camera ? id : camera_of_button_(id);
  if (caller.cameras.allows(camera)) return std::nullopt;
  return forbidden(request, caller, access, "not allowed for this camera");
}

std::optional<Response> Guard::Judge::forged_request(const Request& request, const Caller& caller) const {
  if (is_safe(request.method)) return std::nullopt;
  // A browser remembers what was once given as user and password, and sends it from any page.
  if (credentials_of(request.header("authorization"), "basic") && !is_own_origin(request)) {
    note_refusal(accounts_, request, caller, own_page);
    return http::problem_response(
        {.status = 403, .detail = "not from a page of another origin", .type = forged}, request.trace);
  }
  if (caller.kind != Caller::Kind::session) return std::nullopt;
  if (is_own_origin(request) && same(request.header("x-csrf-token"), caller.csrf_token)) return std::nullopt;
  note_refusal(accounts_, request, caller, own_page);
  return http::problem_response({.status = 403,
                                 .detail = "send the session's csrf_token as X-CSRF-Token, from this origin",
                                 .type = forged},
                                request.trace);
}

std::optional<Response> Guard::Judge::refusal(const Request& request, const Caller& caller,
                                              const Access& access) const {
  if (access.takes_secret && !is_private(request))
    return http::problem_response({.status = 403, .detail = "passwords travel over TLS only"}, request.trace);
  if (access.takes_secret && !is_own_origin(request)) {
    note_refusal(accounts_, request, caller, own_page);
    return http::problem_response({.status = 403, .detail = "not from a page of another origin"},
                                  request.trace);
  }
  if (access.grant == Grant::everyone || caller.kind == Caller::Kind::control_socket) return std::nullopt;
  if (caller.kind == Caller::Kind::nobody) {
    const bool exempt = access.grant == Grant::monitoring && request.header("authorization").empty() &&
                        is_loopback(request.peer);
    return exempt ? std::nullopt : std::optional(unauthorized(request));
  }
  if (auto missing = missing_right(request, caller, access)) return missing;
  return forged_request(request, caller);
}

std::optional<Response> Guard::Judge::judge(Request& request, const Access& access) const {
  const bool open_to_all = access.grant == Grant::everyone;
  if (!open_to_all && is_too_early(request)) return try_again(request);
  auto caller = open_to_all ? Caller{} : identify(request);
  request.asker = asker_of(caller);
  request.session = session_of(caller);
  if (auto refused = refusal(request, caller, access)) return refused;
  request.identity = std::move(caller);
  return std::nullopt;
}

void Guard::add(http::Route route, Access access, CallerHandler handler) {
  route.gate = [judge = judge_, access, then = std::move(route.gate)](Request& request) {
    auto refused = judge->judge(request, access);
    return refused || !then ? std::move(refused) : then(request);
  };
  route.handler = [handler = std::move(handler)](const Request& request, const http::Responder& responder) {
    const auto* caller = request.identity_as<Caller>();
    // Without its gate the route is nobody's: the responder dies unused and says 503.
    if (caller == nullptr) return;
    const telemetry::ContextScope scope(context_of(request, *caller));
    handler(request, *caller, responder);
  };
  route.visibility =
      access.grant == Grant::control_socket ? http::Visibility::unix_only : http::Visibility::everywhere;
  if (access.grant != Grant::everyone && access.grant != Grant::control_socket)
    route.statuses.insert(route.statuses.end(), {401, 403});
  declared_.emplace(std::pair(route.method, route.path), access);
  router_.add(std::move(route));
}

void Guard::add(http::Route route, Access access) {
  auto handler = std::move(route.handler);
  add(std::move(route), access,
      [handler = std::move(handler)](const Request& request, const Caller&,
                                     const http::Responder& responder) { handler(request, responder); });
}

void Guard::expect_complete(const http::Router& router,
                            const std::map<std::pair<Method, std::string>, Access>& declared) {
  for (const auto& route : router.routes()) {
    if (declared.contains({route.method, route.path})) continue;
    const auto verb = std::string(to_string(route.method));
    std::fprintf(stderr, "route %s %s declares no permission\n", verb.c_str(), route.path.c_str());
    std::abort();
  }
}

http::Router Guard::router() && {
  expect_complete(router_, declared_);
  return std::move(router_);
}

}  // namespace porchlight::api
