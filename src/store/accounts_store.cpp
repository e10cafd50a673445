// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/accounts_store.hpp"

#include <array>

#include "store/account_rows.hpp"

namespace porchlight::store {
namespace {

using Connection = Database::Connection;

constexpr std::array role_words{"monitor", "viewer", "user", "admin"};
constexpr const char* no_account = "there is no such account";

constexpr std::string_view select_users = R"sql(
SELECT id, name, role, all_cameras, disabled, password, created_ms, totp_active FROM users ORDER BY name)sql";
constexpr std::string_view select_by_name = R"sql(
SELECT id, name, role, all_cameras, disabled, password, created_ms, totp_active FROM users WHERE name = ?1)sql";
constexpr std::string_view select_by_id = R"sql(
SELECT id, name, role, all_cameras, disabled, password, created_ms, totp_active FROM users WHERE id = ?1)sql";

Error corrupt_role(const std::string& word) {
  return {ErrorCode::corrupt, "read accounts: there is no role '" + word + "'"};
}

Result<User> read_user(const Statement& row) {
  const auto role = role_of(row.text(2));
  if (!role) return corrupt_role(row.text(2));
  User user;
  user.id = row.integer(0);
  user.name = row.text(1);
  user.role = *role;
  user.cameras.all = row.integer(3) != 0;
  user.disabled = row.integer(4) != 0;
  user.password = row.text(5);
  user.created = row.time(6);
  user.totp = row.integer(7) != 0;
  return user;
}

Status read_rights(Connection& connection, User& user) {
  auto select = connection.prepare(QueryType::select,
                                   "SELECT camera FROM user_cameras WHERE user_id = ?1 ORDER BY camera");
  if (!select) return std::move(select).error();
  select->bind(1, user.id);
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
    user.cameras.ids.insert(select->text(0));
  }
}

template <class Bind>
Result<std::vector<User>> select(Connection& connection, std::string_view sql, Bind bind) {
  std::vector<User> found;
  {
    auto statement = connection.prepare(QueryType::select, sql);
    if (!statement) return std::move(statement).error();
    bind(*statement);
    for (;;) {
      auto row = statement->step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      auto user = read_user(*statement);
      if (!user) return std::move(user).error();
      found.push_back(std::move(*user));
    }
  }
  for (auto& user : found)
    if (auto status = read_rights(connection, user); !status) return std::move(status).error();
  return found;
}

Result<std::optional<User>> first(Result<std::vector<User>> found) {
  if (!found) return std::move(found).error();
  if (found->empty()) return std::optional<User>();
  return std::optional<User>(std::move(found->front()));
}

Status write_rights(Connection& connection, std::int64_t user_id, const CameraRights& rights) {
  auto cleared = execute(connection, QueryType::remove, "DELETE FROM user_cameras WHERE user_id = ?1",
                         [&](Statement& s) { s.bind(1, user_id); });
  if (!cleared) return std::move(cleared).error();
  for (const auto& camera : rights.ids) {
    auto added =
        execute(connection, QueryType::insert, "INSERT INTO user_cameras (user_id, camera) VALUES (?1, ?2)",
                [&](Statement& s) { s.bind(1, user_id).bind(2, std::string_view(camera)); });
    if (!added) return std::move(added).error();
  }
  return {};
}

Status insert_user(Connection& connection, const User& user, std::int64_t& id) {
  auto added = execute(connection, QueryType::insert, R"sql(
INSERT INTO users (name, role, all_cameras, disabled, password, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (name) DO NOTHING)sql",
                       [&](Statement& s) {
                         s.bind(1, std::string_view(user.name)).bind(2, to_string(user.role));
                         s.bind(3, std::int64_t{user.cameras.all}).bind(4, std::int64_t{user.disabled});
                         s.bind(5, std::string_view(user.password)).bind(6, user.created);
                       });
  if (!added) return std::move(added).error();
  if (*added == 0)
    return Error(ErrorCode::already_exists, "add account '" + user.name + "': the name is taken");
  id = sqlite3_last_insert_rowid(connection.handle);
  return write_rights(connection, id, user.cameras);
}

// Whoever administers must not lock everybody out.
Status expect_an_admin(Connection& connection) {
  const auto left = connection.scalar(QueryType::select,
                                      "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0");
  if (!left) return left.error();
  if (*left > 0) return {};
  return Error(ErrorCode::unsupported, "no enabled administrator would be left");
}

Status end_all_sessions(Connection& connection, std::int64_t user_id, std::int64_t keep) {
  return status_of(execute(connection, QueryType::remove,
                           "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2",
                           [&](Statement& s) { s.bind(1, user_id).bind(2, keep); }));
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::set<std::string> split(std::string_view text) {
  std::set<std::string> words;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (!word.empty()) words.emplace(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return words;
}

Result<std::optional<Invitation>> read_invitation(Connection& connection, std::string_view code_hash,
                                                  WallTime now) {
  auto statement = connection.prepare(QueryType::select, R"sql(
SELECT name, role, all_cameras, cameras, first_run, expires_ms FROM invitations
WHERE code_hash = ?1 AND expires_ms > ?2 AND (first_run = 0 OR NOT EXISTS (SELECT 1 FROM users)))sql");
  if (!statement) return std::move(statement).error();
  auto row = statement->bind(1, code_hash).bind(2, now).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<Invitation>();
  const auto role = role_of(statement->text(1));
  if (!role) return corrupt_role(statement->text(1));
  Invitation found;
  found.code_hash = code_hash;
  if (!statement->is_null(0)) found.name = statement->text(0);
  found.role = *role;
  found.cameras = {statement->integer(2) != 0, split(statement->text(3))};
  found.first_run = statement->integer(4) != 0;
  found.expires = statement->time(5);
  return std::optional(std::move(found));
}

}  // namespace

std::string_view to_string(Role role) noexcept {
  return role_words[static_cast<std::size_t>(role)];
}

std::optional<Role> role_of(std::string_view word) noexcept {
  for (std::size_t i = 0; i < role_words.size(); ++i)
    if (word == role_words[i]) return static_cast<Role>(i);
  return std::nullopt;
}

std::optional<std::string> account_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return std::nullopt;
  std::string name;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && (name.empty() || (c != '.' && c != '_' && c != '-'))) return std::nullopt;
    name += c;
  }
  return name;
}

Result<std::vector<User>> AccountsStore::users() {
  return select(database_.connection(), select_users, [](Statement&) {});
}

Result<std::optional<User>> AccountsStore::find(std::string_view name) {
  return first(select(database_.connection(), select_by_name, [&](Statement& s) { s.bind(1, name); }));
}

Result<std::optional<User>> AccountsStore::find(std::int64_t id) {
  return first(select(database_.connection(), select_by_id, [&](Statement& s) { s.bind(1, id); }));
}

Result<std::uint64_t> AccountsStore::count() {
  const auto count = database_.connection().scalar(QueryType::select, "SELECT count(*) FROM users");
  if (!count) return count.error();
  return static_cast<std::uint64_t>(*count);
}

Result<std::int64_t> AccountsStore::add(const User& user) {
  auto& connection = database_.connection();
  std::int64_t id = 0;
  auto status = in_one_transaction(connection, [&] { return insert_user(connection, user, id); });
  if (!status) return std::move(status).error();
  return id;
}

Result<std::optional<Invitation>> AccountsStore::invitation(std::string_view code_hash, WallTime now) {
  return read_invitation(database_.connection(), code_hash, now);
}

Result<std::int64_t> AccountsStore::redeem(std::string_view code_hash, const User& user, WallTime now) {
  auto& connection = database_.connection();
  std::int64_t id = 0;
  auto status = in_one_transaction(connection, [&]() -> Status {
    auto invitation = read_invitation(connection, code_hash, now);
    if (!invitation) return std::move(invitation).error();
    if (!*invitation || ((*invitation)->name && (*invitation)->name != user.name))
      return Error(ErrorCode::not_found, "the code is not valid");
    User made = user;
    made.role = (*invitation)->role;
    made.cameras = (*invitation)->cameras;
    if (auto added = insert_user(connection, made, id); !added) return added;
    return status_of(execute(connection, QueryType::remove, "DELETE FROM invitations WHERE code_hash = ?1",
                             [&](Statement& s) { s.bind(1, code_hash); }));
  });
  if (!status) return std::move(status).error();
  return id;
}

Status AccountsStore::invite(const Invitation& invitation, WallTime now) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    auto cleared = execute(connection, QueryType::remove,
                           "DELETE FROM invitations WHERE expires_ms <= ?1 OR (first_run = 1 AND ?2 = 1)",
                           [&](Statement& s) { s.bind(1, now).bind(2, std::int64_t{invitation.first_run}); });
    if (!cleared) return std::move(cleared).error();
    const auto cameras = joined(invitation.cameras.ids);
    return status_of(
        execute(connection, QueryType::insert, R"sql(
INSERT INTO invitations (code_hash, name, role, all_cameras, cameras, first_run, expires_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))sql",
                [&](Statement& s) {
                  s.bind(1, std::string_view(invitation.code_hash));
                  if (invitation.name)
                    s.bind(2, std::string_view(*invitation.name));
                  else
                    s.bind_null(2);
                  s.bind(3, to_string(invitation.role)).bind(4, std::int64_t{invitation.cameras.all});
                  s.bind(5, std::string_view(cameras)).bind(6, std::int64_t{invitation.first_run});
                  s.bind(7, invitation.expires);
                }));
  });
}

Status AccountsStore::change(const User& user) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    auto changed = expect_changed(
        execute(connection, QueryType::update,
                "UPDATE users SET role = ?2, all_cameras = ?3, disabled = ?4 WHERE id = ?1",
                [&](Statement& s) {
                  s.bind(1, user.id).bind(2, to_string(user.role));
                  s.bind(3, std::int64_t{user.cameras.all}).bind(4, std::int64_t{user.disabled});
                }),
        no_account);
    if (!changed) return changed;
    if (auto status = write_rights(connection, user.id, user.cameras); !status) return status;
    if (user.disabled)
      if (auto status = end_all_sessions(connection, user.id, 0); !status) return status;
    return expect_an_admin(connection);
  });
}

Status AccountsStore::remove(std::int64_t user_id) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    auto removed = expect_changed(execute(connection, QueryType::remove, "DELETE FROM users WHERE id = ?1",
                                          [&](Statement& s) { s.bind(1, user_id); }),
                                  no_account);
    if (!removed) return removed;
    return expect_an_admin(connection);
  });
}

Status AccountsStore::rehash(std::int64_t user_id, std::string_view password) {
  return expect_changed(
      execute(database_.connection(), QueryType::update, "UPDATE users SET password = ?2 WHERE id = ?1",
              [&](Statement& s) { s.bind(1, user_id).bind(2, password); }),
      no_account);
}

Status AccountsStore::set_password(std::int64_t user_id, std::string_view password,
                                   std::int64_t keep_session) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    if (auto status = rehash(user_id, password); !status) return status;
    auto tokens =
        execute(connection, QueryType::remove, "DELETE FROM tokens WHERE user_id = ?1 AND kind = 'api'",
                [&](Statement& s) { s.bind(1, user_id); });
    if (!tokens) return std::move(tokens).error();
    return end_all_sessions(connection, user_id, keep_session);
  });
}

}  // namespace porchlight::store
