// SPDX-License-Identifier: Apache-2.0
// The commands about accounts. They work on the database beside the daemon and tell it afterwards.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "app/accounts_audit.hpp"
#include "app/audited.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/account_code.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/api/password.hpp"
#include "porchlight/api/unknown_camera.hpp"
#include "porchlight/store/accounts_store.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::app {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::hours code_time{24};

struct Opened {
  std::unique_ptr<store::Database> database;
  store::AccountsStore accounts;
  std::unique_ptr<store::AuditLog> audit;  // only for a change
};

Result<Opened> open_accounts(const Settings& settings, store::OpenMode mode) {
  const auto file = settings.database();
  if (!std::filesystem::exists(file))
    return Error(ErrorCode::io, "open '" + file.string() + "': nothing is there; has the daemon run?");
  auto database = store::Database::open(file, {.mode = mode}, nullptr);
  if (!database) return std::move(database).error();
  store::AccountsStore accounts(**database);
  return Opened{std::move(*database), accounts, nullptr};
}

store::DataModification change_of(const std::string& name, const char* operation, std::string changes) {
  return {audited_account(name), operation, store::plain(std::move(changes)), store::AuditResult::begun};
}

// Opens settings and accounts, runs `work`, which records what it changes, tells the daemon when it
// succeeded. A daemon that does not run has nothing to be told.
template <class Work>
int change_accounts(const CommandOptions& options, Work work) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto opened = open_accounts(*settings, store::OpenMode::read_write);
  if (!opened) return complain(opened.error());
  const SystemClock clock;
  auto log = open_audit_log(settings->house.folder, *opened->database, clock);
  if (!log) return complain(log.error());
  opened->audit = std::move(*log);
  const Status status = work(*opened);
  opened->audit.reset();
  if (!status) return complain(status.error());
  const auto told = api::ControlClient(settings->control_socket()).accounts_changed();
  if (told && !told->ok())
    return complain("written, but the daemon did not take it: " + told->problem(), exit_unreachable);
  return exit_done;
}

Result<std::string> hash_of_new_password(const std::string& name) {
  const auto password = read_new_password();
  if (!password) return password;
  if (auto status = api::check_password(*password, name); !status) return std::move(status).error();
  return api::PasswordHasher(api::PasswordCost{}).hash(*password);
}

Result<store::User> existing(store::AccountsStore& accounts, const std::string& name) {
  auto user = accounts.find(store::account_name(name).value_or(name));
  if (!user) return std::move(user).error();
  if (!*user) return Error(ErrorCode::not_found, "there is no account '" + name + "'");
  return std::move(**user);
}

std::string cameras_text(const store::User& user) {
  if (user.cameras.all || user.role == store::Role::admin) return "all cameras";
  std::string text;
  for (const auto& camera : user.cameras.ids) text += (text.empty() ? "" : ", ") + camera;
  return text.empty() ? "no camera" : text;
}

std::string rights_text(const store::User& user) {
  return "role " + std::string(to_string(user.role)) + ", " + cameras_text(user);
}

// Settings that cannot be read are complained of by whoever needs them next.
std::optional<std::string> unknown_camera_of(const CommandOptions& options,
                                             const std::vector<std::string>& wanted) {
  config::Faults faults;
  const auto settings = read_settings(options.config, faults);
  if (!settings) return std::nullopt;
  std::vector<std::string> known;
  for (const auto& camera : settings->house.cameras) known.push_back(camera.id);
  return api::unknown_camera(wanted, known);
}

// The account itself, with a password now.
Status add_with_password(Opened& opened, store::User user) {
  auto hash = hash_of_new_password(user.name);
  if (!hash) return std::move(hash).error();
  user.password = std::move(*hash);
  user.created = std::chrono::system_clock::now();
  return audited(*opened.audit, change_of(user.name, "add", rights_text(user)), [&]() -> Status {
    auto id = opened.accounts.add(user);
    if (!id) return std::move(id).error();
    std::printf("%s is %s\n", user.name.c_str(), std::string(to_string(user.role)).c_str());
    return {};
  });
}

Status invite(Opened& opened, const store::User& user, bool json) {
  const auto taken = opened.accounts.find(user.name);
  if (!taken) return taken.error();
  if (*taken) return Error(ErrorCode::already_exists, "add account '" + user.name + "': the name is taken");
  const auto code = api::new_account_code();
  const auto now = std::chrono::system_clock::now();
  store::Invitation invitation;
  invitation.code_hash = code.hash;
  invitation.name = user.name;
  invitation.role = user.role;
  invitation.cameras = user.cameras;
  invitation.expires = now + code_time;
  const auto what = change_of(user.name, "add", "invitation, " + rights_text(user));
  auto status = audited(*opened.audit, what, [&] { return opened.accounts.invite(invitation, now); });
  if (!status) return status;
  if (json) {
    const ordered_json answer{{"name", user.name},
                              {"role", to_string(user.role)},
                              {"invitation", code.text},
                              {"expires", rfc3339(invitation.expires)}};
    std::printf("%s\n", answer.dump(2).c_str());
  } else {
    std::printf(
        "%s\nOne-time code for %s, role %s, good for 24 hours: docs/accounts.md says how to use it.\n",
        code.text.c_str(), user.name.c_str(), std::string(to_string(user.role)).c_str());
  }
  return {};
}

}  // namespace

int users_add_command(const CommandOptions& options, const NewAccount& wanted) {
  const auto name = store::account_name(wanted.name);
  if (!name)
    return complain(
        "'" + wanted.name + "' is no name: 1 to 64 of a-z, 0-9, '.', '_', '-', a letter or digit first",
        exit_usage);
  store::User user;
  user.name = *name;
  user.role = *store::role_of(wanted.role);
  user.cameras = {wanted.all_cameras || user.role == store::Role::admin,
                  {wanted.cameras.begin(), wanted.cameras.end()}};
  if (const auto why = unknown_camera_of(options, wanted.cameras)) return complain(*why, exit_usage);
  return change_accounts(options, [&](Opened& opened) {
    return wanted.password ? add_with_password(opened, user) : invite(opened, user, options.json);
  });
}

int users_passwd_command(const CommandOptions& options, const std::string& name) {
  return change_accounts(options, [&](Opened& opened) -> Status {
    const auto user = existing(opened.accounts, name);
    if (!user) return user.error();
    const auto hash = hash_of_new_password(user->name);
    if (!hash) return hash.error();
    auto status = audited(*opened.audit, change_of(user->name, "update", "a new password"),
                          [&] { return opened.accounts.set_password(user->id, *hash, 0); });
    if (!status) return status;
    std::printf("%s has a new password; every session of the account has ended\n", user->name.c_str());
    return {};
  });
}

int users_disable_command(const CommandOptions& options, const std::string& name, bool disabled) {
  return change_accounts(options, [&](Opened& opened) -> Status {
    auto user = existing(opened.accounts, name);
    if (!user) return user.error();
    user->disabled = disabled;
    const auto* now = disabled ? "disabled" : "enabled";
    auto status = audited(*opened.audit, change_of(user->name, "update", now),
                          [&] { return opened.accounts.change(*user); });
    if (!status) return status;
    std::printf("%s is %s\n", user->name.c_str(), now);
    return {};
  });
}

int users_token_command(const CommandOptions& options, const NewToken& wanted) {
  const auto name = wanted.name.empty() ? wanted.kind : wanted.name;
  if (name.size() > 64) return complain("a token's name has 1 to 64 bytes", exit_usage);
  return change_accounts(options, [&](Opened& opened) -> Status {
    const auto owner = existing(opened.accounts, wanted.owner);
    if (!owner) return owner.error();
    if (owner->role != store::Role::admin || owner->disabled)
      return Error(ErrorCode::permission_denied,
                   "'" + owner->name + "' is no administrator's account, or disabled");
    const auto made = api::new_opaque_token();
    store::Token token;
    token.id = api::new_token_id();
    token.kind = store::TokenKind::scrape;
    token.user_id = owner->id;
    token.name = name;
    token.secret_hash = made.hash;
    token.scopes = wanted.kind == "alerts" ? "alerts" : "metrics";
    token.created = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto status =
        audited(*opened.audit, change_of(owner->name, "add", "token " + token.id + ", " + token.scopes),
                [&] { return opened.accounts.add_token(token); });
    if (!status) return status;
    // Alone on its line, so that it goes into a file as it is.
    std::printf("%s\n", made.text.c_str());
    return {};
  });
}

int users_list_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto opened = open_accounts(*settings, store::OpenMode::read_only);
  if (!opened) return complain(opened.error());
  const auto users = opened->accounts.users();
  if (!users) return complain(users.error());
  auto list = ordered_json::array();
  for (const auto& user : *users) {
    list.push_back({{"name", user.name},
                    {"role", to_string(user.role)},
                    {"all_cameras", user.cameras.all},
                    {"cameras", user.cameras.ids},
                    {"disabled", user.disabled},
                    {"totp", user.totp}});
    if (!options.json)
      std::printf("%-24s %-8s %s%s%s\n", user.name.c_str(), std::string(to_string(user.role)).c_str(),
                  cameras_text(user).c_str(), user.totp ? ", second factor" : "",
                  user.disabled ? ", disabled" : "");
  }
  if (options.json) std::printf("%s\n", list.dump(2).c_str());
  if (!options.json && users->empty())
    std::printf("there is no account; porchlight users add NAME --role admin makes one\n");
  return exit_done;
}

}  // namespace porchlight::app
