// SPDX-License-Identifier: Apache-2.0
// Second factors: the seed, the steps used, the recovery codes.
#include "porchlight/store/accounts_key.hpp"
#include "porchlight/store/accounts_store.hpp"
#include "store/account_rows.hpp"

namespace porchlight::store {
namespace {

// A sealed seed that is moved to another account's row does not open.
std::string context_of(std::int64_t user_id) {
  return "totp " + std::to_string(user_id);
}

}  // namespace

Status AccountsStore::enrol_totp(std::int64_t user_id, std::string_view seed, const AccountsKey& key) {
  const auto sealed = key.sealed(seed, context_of(user_id));
  auto changed =
      execute(database_.connection(), QueryType::update,
              "UPDATE users SET totp_seed = ?2, totp_last_step = 0 WHERE id = ?1 AND totp_active = 0",
              [&](Statement& s) { s.bind(1, user_id).bind(2, std::as_bytes(std::span(sealed))); });
  if (!changed) return std::move(changed).error();
  if (*changed > 0) return {};
  return Error(ErrorCode::already_exists, "the account has a second factor; disable it first");
}

Result<std::optional<TotpState>> AccountsStore::totp(std::int64_t user_id, const AccountsKey& key) {
  auto select = database_.connection().prepare(
      QueryType::select,
      "SELECT totp_seed, totp_active, totp_last_step FROM users WHERE id = ?1 AND totp_seed IS NOT NULL");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, user_id).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<TotpState>();
  const auto blob = select->blob(0);
  auto seed = key.opened({reinterpret_cast<const char*>(blob.data()), blob.size()}, context_of(user_id));
  if (!seed)
    return Error(ErrorCode::corrupt,
                 "open the second factor of account " + std::to_string(user_id) +
                     ": accounts.key is not the key that sealed it; put the old file back");
  return std::optional(TotpState{std::move(*seed), select->integer(1) != 0, select->integer(2)});
}

Status AccountsStore::activate_totp(std::int64_t user_id, std::int64_t step,
                                    std::span<const std::string> recovery_hashes) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    auto changed = expect_changed(execute(connection, QueryType::update, R"sql(
UPDATE users SET totp_active = 1, totp_last_step = ?2 WHERE id = ?1 AND totp_seed IS NOT NULL)sql",
                                          [&](Statement& s) { s.bind(1, user_id).bind(2, step); }),
                                  "there is no second factor to confirm; enrol one first");
    if (!changed) return changed;
    auto cleared = execute(connection, QueryType::remove, "DELETE FROM recovery_codes WHERE user_id = ?1",
                           [&](Statement& s) { s.bind(1, user_id); });
    if (!cleared) return std::move(cleared).error();
    for (const auto& hash : recovery_hashes) {
      auto added = execute(connection, QueryType::insert,
                           "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)",
                           [&](Statement& s) { s.bind(1, user_id).bind(2, std::string_view(hash)); });
      if (!added) return std::move(added).error();
    }
    return {};
  });
}

Status AccountsStore::remove_totp(std::int64_t user_id) {
  auto& connection = database_.connection();
  return in_one_transaction(connection, [&]() -> Status {
    auto codes = execute(connection, QueryType::remove, "DELETE FROM recovery_codes WHERE user_id = ?1",
                         [&](Statement& s) { s.bind(1, user_id); });
    if (!codes) return std::move(codes).error();
    return status_of(execute(connection, QueryType::update, R"sql(
UPDATE users SET totp_seed = NULL, totp_active = 0, totp_last_step = 0 WHERE id = ?1)sql",
                             [&](Statement& s) { s.bind(1, user_id); }));
  });
}

Result<bool> AccountsStore::use_totp_step(std::int64_t user_id, std::int64_t step) {
  auto changed = execute(database_.connection(), QueryType::update,
                         "UPDATE users SET totp_last_step = ?2 WHERE id = ?1 AND totp_last_step < ?2",
                         [&](Statement& s) { s.bind(1, user_id).bind(2, step); });
  if (!changed) return std::move(changed).error();
  return *changed > 0;
}

Result<bool> AccountsStore::use_recovery_code(std::int64_t user_id, std::string_view code_hash) {
  auto changed = execute(database_.connection(), QueryType::remove,
                         "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2",
                         [&](Statement& s) { s.bind(1, user_id).bind(2, code_hash); });
  if (!changed) return std::move(changed).error();
  return *changed > 0;
}

}  // namespace porchlight::store
