// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::store {

class AccountsKey;
class Database;

// What an account is for. viewer < user < admin; monitor sees numbers and health only.
enum class Role : std::uint8_t { monitor, viewer, user, admin };
std::string_view to_string(Role role) noexcept;
std::optional<Role> role_of(std::string_view word) noexcept;

// The cameras an account may see. Empty: none.
struct CameraRights {
  bool all = false;
  std::set<std::string> ids{};
  bool allows(const std::string& camera) const { return all || ids.contains(camera); }
};

struct User {
  std::int64_t id = 0;
  std::string name{};  // see account_name()
  Role role = Role::viewer;
  CameraRights cameras{};
  bool disabled = false;
  std::string password{};  // Argon2id text
  WallTime created{};
  bool totp = false;  // a second factor is asked for
};

struct Session {
  std::int64_t id = 0;
  std::int64_t user_id = 0;
  std::string token_hash{};  // SHA-256, hex
  WallTime created{};
  WallTime seen{};
  std::string address{};  // where it began
  std::string agent{};
};

enum class TokenKind : std::uint8_t { api, scrape };

struct Token {
  std::string id{};  // 32 hex digits; the `jti` of an API token
  TokenKind kind = TokenKind::api;
  std::int64_t user_id = 0;  // whose it is; of a scrape token: who made it
  std::string name{};
  std::string secret_hash{};  // of a scrape token
  std::string scopes{};       // words with blanks between
  WallTime created{};
  std::optional<WallTime> expires{};  // none: never (scrape tokens only)
};

// The right to make one account.
struct Invitation {
  std::string code_hash{};
  std::optional<std::string> name{};  // when given, only an account of this name
  Role role = Role::viewer;
  CameraRights cameras{};
  bool first_run = false;  // good only while there is no account
  WallTime expires{};
};

// The second factor of an account as the check needs it.
struct TotpState {
  std::string seed;  // in clear; never leaves memory
  bool active = false;
  std::int64_t last_step = 0;  // the newest step whose code was used
};

// Lower case, 1…64 of [a-z0-9._-], beginning with a letter or digit; nothing when it cannot be one.
std::optional<std::string> account_name(std::string_view text);

// Who may come in. Thread-bound as its Database. Every change is durable when it returns success.
class AccountsStore {
 public:
  explicit AccountsStore(Database& database) : database_(database) {}

  Result<std::vector<User>> users();
  Result<std::optional<User>> find(std::string_view name);
  Result<std::optional<User>> find(std::int64_t id);
  Result<std::uint64_t> count();

  // ErrorCode::already_exists when the name is taken. Returns the account's number.
  Result<std::int64_t> add(const User& user);
  // Makes the account that the invitation allows and uses the invitation up, in one transaction.
  // not_found: no such code, or used, expired, or for another name. already_exists: the name is taken,
  // and the invitation stays.
  Result<std::int64_t> redeem(std::string_view code_hash, const User& user, WallTime now);
  Result<std::optional<Invitation>> invitation(std::string_view code_hash, WallTime now);
  // A first-run invitation replaces the one before; expired ones go.
  Status invite(const Invitation& invitation, WallTime now);

  // not_found when there is no such account; unsupported when it would leave no enabled admin.
  // Role, rights and `disabled` are taken from `user`; disabling ends the account's sessions.
  Status change(const User& user);
  Status remove(std::int64_t user_id);
  // Ends every session of the account but `keep_session` (0: every one), and deletes its API tokens.
  Status set_password(std::int64_t user_id, std::string_view password, std::int64_t keep_session);
  // The same password under new parameters: nothing ends.
  Status rehash(std::int64_t user_id, std::string_view password);

  Result<std::vector<Session>> sessions();
  // Makes a session; the oldest ones of the account beyond `most` end.
  Result<std::int64_t> begin_session(const Session& session, std::size_t most);
  Status end_session(std::int64_t id);
  Status end_sessions_before(WallTime created, WallTime seen);
  Status touch_sessions(std::span<const Session> seen);  // id and seen are used

  Result<std::vector<Token>> tokens();
  Status add_token(const Token& token);
  Status forget_tokens_expired_before(WallTime time);
  // not_found when it is not there.
  Status remove_token(std::string_view id);

  // The seed is sealed by `key` for this account. Enrolling begins inactive and replaces an
  // unconfirmed one; already_exists when one is active.
  Status enrol_totp(std::int64_t user_id, std::string_view seed, const AccountsKey& key);
  Result<std::optional<TotpState>> totp(std::int64_t user_id, const AccountsKey& key);
  Status activate_totp(std::int64_t user_id, std::int64_t step, std::span<const std::string> recovery_hashes);
  Status remove_totp(std::int64_t user_id);
  // False when this step or a later one was used already.
  Result<bool> use_totp_step(std::int64_t user_id, std::int64_t step);
  // False when it is not there; true once per code.
  Result<bool> use_recovery_code(std::int64_t user_id, std::string_view code_hash);

 private:
  Database& database_;
};

}  // namespace porchlight::store
