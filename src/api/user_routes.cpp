// SPDX-License-Identifier: Apache-2.0
// Accounts as an administrator sees them. Nobody sets another one's password: a new account begins with
// an invitation, which its owner redeems.
#include <algorithm>
#include <charconv>

#include "api/account_routes.hpp"
#include "api/paths.hpp"
#include "porchlight/api/account_code.hpp"
#include "porchlight/api/unknown_camera.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;

constexpr auto invitation_time = std::chrono::hours{72};

std::optional<std::int64_t> id_of(const Request& request) {
  const auto& text = request.parameter("id");
  std::int64_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(id) : std::nullopt;
}

Response no_such_account(const Request& request) {
  return refusal(404, "there is no such account", request);
}

// What an administrator may say about an account; what is left out stays as it is.
struct Wanted {
  std::optional<store::Role> role;
  std::optional<bool> all_cameras;
  std::optional<std::vector<std::string>> cameras;
  std::optional<bool> disabled;
};

Wanted read_wanted(JsonBody& body, const CameraList& cameras_there) {
  Wanted wanted;
  if (const auto word = body.optional_text("role")) {
    wanted.role = store::role_of(*word);
    if (!wanted.role) body.fault("'role' is admin, user, viewer or monitor", 422);
  }
  wanted.all_cameras = body.optional_boolean("all_cameras");
  wanted.cameras = body.optional_texts("cameras");
  for (const auto& camera : wanted.cameras.value_or(std::vector<std::string>{}))
    if (camera.empty() || camera.size() > 64 || !std::all_of(camera.begin(), camera.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        }))
      body.fault("'cameras' are ids of [a-z0-9_]", 422);
  std::vector<std::string> known;
  for (auto& camera : cameras_there()) known.push_back(std::move(camera.id));
  if (auto why = unknown_camera(wanted.cameras.value_or(std::vector<std::string>{}), known))
    body.fault(std::move(*why), 422);
  wanted.disabled = body.optional_boolean("disabled");
  return wanted;
}

void apply(const Wanted& wanted, store::User& user) {
  user.role = wanted.role.value_or(user.role);
  user.cameras.all = wanted.all_cameras.value_or(user.cameras.all);
  if (wanted.cameras) user.cameras.ids = {wanted.cameras->begin(), wanted.cameras->end()};
  user.disabled = wanted.disabled.value_or(user.disabled);
}

std::string changes_of(const store::User& user) {
  return nlohmann::json{{"name", user.name},
                        {"role", to_string(user.role)},
                        {"all_cameras", user.cameras.all},
                        {"cameras", user.cameras.ids},
                        {"disabled", user.disabled}}
      .dump();
}

void list(Accounts::State& accounts, const Responder& responder) {
  const auto known = accounts.directory();
  std::vector<const store::User*> users;
  for (const auto& [id, user] : known->users) users.push_back(&user);
  std::sort(users.begin(), users.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  auto array = ordered_json::array();
  for (const auto* user : users) array.push_back(user_json(*user));
  responder.send(json_answer(200, {{"users", array}}));
}

void show(Accounts::State& accounts, const Request& request, const Responder& responder) {
  const auto known = accounts.directory();
  const auto found = known->users.find(id_of(request).value_or(0));
  responder.send(found == known->users.end() ? no_such_account(request)
                                             : json_answer(200, user_json(found->second)));
}

Response invite(Accounts::State& accounts, OpenAccounts& open, const Request& request, const Caller& caller,
                const store::User& wanted) {
  auto taken = open.store.find(wanted.name);
  if (!taken) return failure(taken.error(), request.trace);
  if (*taken) {
    accounts.instruments.conflicts.increment();
    return refusal(409, "the name is taken", request);
  }
  if (auto refused = record_change(accounts, request, caller.name, "add", changes_of(wanted)))
    return std::move(*refused);
  const auto code = new_account_code();
  const auto now = accounts.clock.wall();
  const store::Invitation invitation{.code_hash = code.hash,
                                     .name = wanted.name,
                                     .role = wanted.role,
                                     .cameras = wanted.cameras,
                                     .expires = now + invitation_time};
  if (auto status = open.store.invite(invitation, now); !status)
    return failure(status.error(), request.trace);
  return json_answer(201, {{"name", wanted.name},
                           {"role", to_string(wanted.role)},
                           {"invitation", code.text},
                           {"expires", rfc3339(invitation.expires)}});
}

void add(Accounts::State& accounts, const CameraList& cameras, const Request& request, const Caller& caller,
         const Responder& responder) {
  JsonBody body(request, {"name", "role", "all_cameras", "cameras"});
  const auto name = store::account_name(body.text("name"));
  (void)body.text("role");
  const auto wanted = read_wanted(body, cameras);
  if (!name)
    body.fault("a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit", 422);
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  store::User user;
  user.name = *name;
  apply(wanted, user);
  run(accounts, Pace::quick, request, responder,
      [=, &accounts](OpenAccounts& open) { return invite(accounts, open, request, caller, user); });
}

Response change_user(Accounts::State& accounts, OpenAccounts& open, const Request& request,
                     const Caller& caller, std::int64_t id, const Wanted& wanted) {
  auto user = open.store.find(id);
  if (!user) return failure(user.error(), request.trace);
  if (!*user) return no_such_account(request);
  apply(wanted, **user);
  if (auto refused = record_change(accounts, request, caller.name, "update", changes_of(**user)))
    return std::move(*refused);
  auto status = open.store.change(**user);
  if (status) status = accounts.publish();
  return status ? json_answer(200, user_json(**user)) : failure(status.error(), request.trace);
}

void change(Accounts::State& accounts, const CameraList& cameras, const Request& request,
            const Caller& caller, const Responder& responder) {
  JsonBody body(request, {"role", "all_cameras", "cameras", "disabled"});
  const auto wanted = read_wanted(body, cameras);
  if (auto wrong = body.refusal(request)) return (void)responder.send(std::move(*wrong));
  const auto id = id_of(request);
  if (!id) return (void)responder.send(no_such_account(request));
  run(accounts, Pace::quick, request, responder, [=, &accounts](OpenAccounts& open) {
    return change_user(accounts, open, request, caller, *id, wanted);
  });
}

void remove(Accounts::State& accounts, const Request& request, const Caller& caller,
            const Responder& responder) {
  const auto id = id_of(request);
  if (!id) return (void)responder.send(no_such_account(request));
  run(accounts, Pace::quick, request, responder, [=, &accounts](OpenAccounts& open) -> Response {
    if (auto refused = record_change(accounts, request, caller.name, "delete", "{}"))
      return std::move(*refused);
    auto status = open.store.remove(*id);
    if (status) status = accounts.publish();
    return status ? Response{204, {}, {}} : failure(status.error(), request.trace);
  });
}

}  // namespace

void add_user_routes(Guard& guard, Accounts::State& accounts, const CameraList& cameras) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  guard.add(
      {.method = Method::get, .path = paths::users}, admin,
      [&accounts](const Request&, const Caller&, const Responder& responder) { list(accounts, responder); });
  guard.add({.method = Method::post,
             .path = paths::users,
             .statuses = {201, 400, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            admin.by_session(),
            [&accounts, cameras](const Request& request, const Caller& caller, const Responder& responder) {
              add(accounts, cameras, request, caller, responder);
            });
  guard.add({.method = Method::get, .path = paths::user, .statuses = {200, 404}}, admin,
            [&accounts](const Request& request, const Caller&, const Responder& responder) {
              show(accounts, request, responder);
            });
  guard.add({.method = Method::patch,
             .path = paths::user,
             .statuses = {200, 400, 404, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            admin.by_session(),
            [&accounts, cameras](const Request& request, const Caller& caller, const Responder& responder) {
              change(accounts, cameras, request, caller, responder);
            });
  guard.add({.method = Method::del, .path = paths::user, .statuses = {204, 404, 409, 503}},
            admin.by_session(),
            [&accounts](const Request& request, const Caller& caller, const Responder& responder) {
              remove(accounts, request, caller, responder);
            });
}

void add_accounts_control(Guard& guard, Accounts::State& accounts) {
  guard.add({.method = Method::post, .path = paths::accounts_reload, .statuses = {200, 503}},
            Access::control_socket(),
            [&accounts](const Request& request, const Caller&, const Responder& responder) {
              run(accounts, Pace::quick, request, responder,
                  [&accounts, trace = request.trace](OpenAccounts&) -> Response {
                    // Whoever commands this machine may also let in again who was locked out.
                    accounts.throttle.clear();
                    if (auto status = accounts.publish(); !status) return failure(status.error(), trace);
                    return json_answer(200, {{"users", accounts.directory()->users.size()}});
                  });
            });
}

}  // namespace porchlight::api
