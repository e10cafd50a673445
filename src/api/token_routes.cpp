// SPDX-License-Identifier: Apache-2.0
// API tokens for scripts (signed, expiring, scoped) and opaque ones for Prometheus (scrape) and Alertmanager
// (alerts). Each is shown once; what is kept cannot be used to log in.
#include <algorithm>

#include "api/account_routes.hpp"
#include "api/digest.hpp"
#include "api/paths.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;
using store::TokenKind;

constexpr std::int64_t longest_days = 366;
constexpr std::int64_t usual_days = 90;
constexpr std::ptrdiff_t most_tokens = 50;  // of one account

// The database knows opaque tokens by one kind; what one is for is its scope.
const char* kind_of(const store::Token& token) {
  if (token.kind == TokenKind::api) return "api";
  return token.scopes == to_string(Scope::alerts) ? "alerts" : "scrape";
}

ordered_json token_json(const store::Token& token, const Directory& known) {
  const auto owner = known.users.find(token.user_id);
  ordered_json object{
      {"id", token.id},         {"kind", kind_of(token)},
      {"name", token.name},     {"user", owner == known.users.end() ? "" : owner->second.name},
      {"scopes", token.scopes}, {"created", rfc3339(token.created)}};
  object["expires"] = token.expires ? ordered_json(rfc3339(*token.expires)) : ordered_json(nullptr);
  return object;
}

bool is_visible(const store::Token& token, const Caller& caller) {
  return caller.role == store::Role::admin || token.user_id == caller.user_id;
}

void list(Accounts::State& accounts, const Caller& caller, const Responder& responder) {
  const auto known = accounts.directory();
  std::vector<const store::Token*> tokens;
  for (const auto* kind : {&known->api_tokens, &known->scrape_tokens})
    for (const auto& [key, token] : *kind)
      if (is_visible(token, caller)) tokens.push_back(&token);
  std::sort(tokens.begin(), tokens.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  auto array = ordered_json::array();
  for (const auto* token : tokens) array.push_back(token_json(*token, *known));
  responder.send(json_answer(200, {{"tokens", array}}));
}

std::ptrdiff_t tokens_of(const Directory& known, std::int64_t user_id) {
  const auto is_theirs = [&](const auto& entry) { return entry.second.user_id == user_id; };
  return std::count_if(known.api_tokens.begin(), known.api_tokens.end(), is_theirs) +
         std::count_if(known.scrape_tokens.begin(), known.scrape_tokens.end(), is_theirs);
}

// The token's text: for an API token signed over the row, for a scrape token a random secret.
std::string mint(const OpenAccounts& open, store::Token& token) {
  if (token.kind == TokenKind::scrape) {
    auto made = new_opaque_token();
    token.secret_hash = std::move(made.hash);
    return std::move(made.text);
  }
  return open.signer->sign({token.id, token.user_id, token.scopes, token.created, *token.expires});
}

Response make(Accounts::State& accounts, OpenAccounts& open, const Request& request, const Caller& caller,
              store::Token token) {
  const auto known = accounts.directory();
  if (known->enabled_user(caller.user_id) == nullptr)
    return refusal(404, "there is no account behind this request", request);
  if (tokens_of(*known, caller.user_id) >= most_tokens)
    return refusal(409, "the account has " + std::to_string(most_tokens) + " tokens; delete some first",
                   request);
  const auto changes =
      nlohmann::json{{"name", token.name}, {"scopes", token.scopes}, {"id", token.id}}.dump();
  if (auto refused = record_change(accounts, request, caller.name, "add", changes))
    return std::move(*refused);
  const auto text = mint(open, token);
  auto status = open.store.add_token(token);
  if (status) status = accounts.publish();
  if (!status) return failure(status.error(), request.trace);
  auto answer = token_json(token, *accounts.directory());
  answer["token"] = text;
  return json_answer(201, answer);
}

std::string read_scopes(JsonBody& body) {
  const auto given = body.optional_texts("scopes");
  if (!given || given->empty())
    return body.fault("'scopes' is missing: some of view, ring, manage, metrics, alerts", 422), "";
  std::string words;
  for (const auto& word : *given) {
    if (!scope_of(word))
      return body.fault("'scopes' are some of view, ring, manage, metrics, alerts", 422), "";
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

void add(Accounts::State& accounts, const Request& request, const Caller& caller,
         const Responder& responder) {
  JsonBody body(request, {"name", "kind", "scopes", "days"});
  store::Token token{.id = new_token_id(), .user_id = caller.user_id, .name = body.text("name")};
  if (token.name.empty() || token.name.size() > 64) body.fault("'name' has 1 to 64 bytes", 422);
  const auto kind = body.optional_text("kind").value_or("api");
  const auto days = body.optional_integer("days", 1, longest_days);
  token.created = std::chrono::floor<std::chrono::seconds>(accounts.clock.wall());
  if (kind == "scrape" || kind == "alerts") {
    token.kind = TokenKind::scrape;
    token.scopes = to_string(kind == "alerts" ? Scope::alerts : Scope::metrics);
    if (days) token.expires = token.created + std::chrono::hours{24} * *days;
  } else if (kind == "api") {
    token.scopes = read_scopes(body);
    token.expires = token.created + std::chrono::hours{24} * days.value_or(usual_days);
  } else {
    body.fault("'kind' is api, scrape or alerts", 422);
  }
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  if (token.kind == TokenKind::scrape && caller.role != store::Role::admin)
    return (void)responder.send(
        refusal(403, "scrape and alerts tokens are made by an administrator", request));
  run(accounts, Pace::quick, request, responder,
      [=, &accounts](OpenAccounts& open) { return make(accounts, open, request, caller, token); });
}

void remove(Accounts::State& accounts, const Request& request, const Caller& caller,
            const Responder& responder) {
  run(accounts, Pace::quick, request, responder, [=, &accounts](OpenAccounts& open) -> Response {
    auto tokens = open.store.tokens();
    if (!tokens) return failure(tokens.error(), request.trace);
    const auto& id = request.parameter("id");
    const auto found = std::find_if(tokens->begin(), tokens->end(), [&](const auto& token) {
      return token.id == id && is_visible(token, caller);
    });
    if (found == tokens->end()) return refusal(404, "you have no such token", request);
    if (auto refused = record_change(accounts, request, caller.name, "delete", "{}"))
      return std::move(*refused);
    auto status = open.store.remove_token(id);
    if (status) status = accounts.publish();
    return status ? Response{204, {}, {}} : failure(status.error(), request.trace);
  });
}

}  // namespace

void add_token_routes(Guard& guard, Accounts::State& accounts) {
  const auto own = Access::any_account(Scope::manage).by_session();
  guard.add({.method = Method::get, .path = paths::tokens}, own,
            [&accounts](const Request&, const Caller& caller, const Responder& responder) {
              list(accounts, caller, responder);
            });
  guard.add({.method = Method::post,
             .path = paths::tokens,
             .statuses = {201, 400, 404, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            own, [&accounts](const Request& request, const Caller& caller, const Responder& responder) {
              add(accounts, request, caller, responder);
            });
  guard.add({.method = Method::del, .path = paths::token, .statuses = {204, 404, 503}}, own,
            [&accounts](const Request& request, const Caller& caller, const Responder& responder) {
              remove(accounts, request, caller, responder);
            });
}

}  // namespace porchlight::api
