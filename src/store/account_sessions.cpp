// SPDX-License-Identifier: Apache-2.0
// Sessions and tokens of accounts.
#include "porchlight/store/accounts_store.hpp"
#include "store/account_rows.hpp"

namespace porchlight::store {

Result<std::vector<Session>> AccountsStore::sessions() {
  auto select = database_.connection().prepare(
      QueryType::select,
      "SELECT id, user_id, token_hash, created_ms, seen_ms, address, agent FROM sessions ORDER BY id");
  if (!select) return std::move(select).error();
  std::vector<Session> list;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return list;
    list.push_back({select->integer(0), select->integer(1), select->text(2), select->time(3), select->time(4),
                    select->text(5), select->text(6)});
  }
}

Result<std::int64_t> AccountsStore::begin_session(const Session& session, std::size_t most) {
  auto& connection = database_.connection();
  std::int64_t id = 0;
  auto status = in_one_transaction(connection, [&]() -> Status {
    auto added =
        execute(connection, QueryType::insert, R"sql(
INSERT INTO sessions (user_id, token_hash, created_ms, seen_ms, address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql",
                [&](Statement& s) {
                  s.bind(1, session.user_id).bind(2, std::string_view(session.token_hash));
                  s.bind(3, session.created).bind(4, session.seen);
                  s.bind(5, std::string_view(session.address)).bind(6, std::string_view(session.agent));
                });
    if (!added) return std::move(added).error();
    id = sqlite3_last_insert_rowid(connection.handle);
    return status_of(
        execute(connection, QueryType::remove, R"sql(
DELETE FROM sessions WHERE user_id = ?1 AND id NOT IN
  (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2))sql",
                [&](Statement& s) { s.bind(1, session.user_id).bind(2, static_cast<std::int64_t>(most)); }));
  });
  if (!status) return std::move(status).error();
  return id;
}

Status AccountsStore::end_session(std::int64_t id) {
  return status_of(execute(database_.connection(), QueryType::remove, "DELETE FROM sessions WHERE id = ?1",
                           [&](Statement& s) { s.bind(1, id); }));
}

Status AccountsStore::end_sessions_before(WallTime created, WallTime seen) {
  return status_of(execute(database_.connection(), QueryType::remove,
                           "DELETE FROM sessions WHERE created_ms <= ?1 OR seen_ms <= ?2",
                           [&](Statement& s) { s.bind(1, created).bind(2, seen); }));
}

Status AccountsStore::touch_sessions(std::span<const Session> seen) {
  if (seen.empty()) return {};
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    for (const auto& session : seen) {
      auto touched = execute(connection, QueryType::update, "UPDATE sessions SET seen_ms = ?2 WHERE id = ?1",
                             [&](Statement& s) { s.bind(1, session.id).bind(2, session.seen); });
      if (!touched) return std::move(touched).error();
    }
    return {};
  });
}

Result<std::vector<Token>> AccountsStore::tokens() {
  auto select = database_.connection().prepare(QueryType::select,
                                               "SELECT id, kind, user_id, name, secret_hash, scopes, "
                                               "created_ms, expires_ms FROM tokens ORDER BY created_ms, id");
  if (!select) return std::move(select).error();
  std::vector<Token> list;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return list;
    Token token{select->text(0), select->text(1) == "scrape" ? TokenKind::scrape : TokenKind::api,
                select->integer(2), select->text(3)};
    if (!select->is_null(4)) token.secret_hash = select->text(4);
    token.scopes = select->text(5);
    token.created = select->time(6);
    if (!select->is_null(7)) token.expires = select->time(7);
    list.push_back(std::move(token));
  }
}

Status AccountsStore::add_token(const Token& token) {
  const std::string_view kind = token.kind == TokenKind::scrape ? "scrape" : "api";
  return status_of(execute(database_.connection(), QueryType::insert, R"sql(
INSERT INTO tokens (id, kind, user_id, name, secret_hash, scopes, created_ms, expires_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql",
                           [&](Statement& s) {
                             s.bind(1, std::string_view(token.id)).bind(2, kind).bind(3, token.user_id);
                             s.bind(4, std::string_view(token.name)).bind(6, std::string_view(token.scopes));
                             s.bind(7, token.created);
                             token.kind == TokenKind::scrape ? s.bind(5, std::string_view(token.secret_hash))
                                                             : s.bind_null(5);
                             token.expires ? s.bind(8, *token.expires) : s.bind_null(8);
                           }));
}

Status AccountsStore::forget_tokens_expired_before(WallTime time) {
  return status_of(execute(database_.connection(), QueryType::remove,
                           "DELETE FROM tokens WHERE expires_ms < ?1",
                           [&](Statement& s) { s.bind(1, time); }));
}

Status AccountsStore::remove_token(std::string_view id) {
  return expect_changed(execute(database_.connection(), QueryType::remove, "DELETE FROM tokens WHERE id = ?1",
                                [&](Statement& s) { s.bind(1, id); }),
                        "there is no such token");
}

}  // namespace porchlight::store
