// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/json_body.hpp"

namespace porchlight::api {

void add_auth_routes(Guard& guard, Accounts::State& accounts);  // login, logout, who am I, sessions, password
void add_registration_routes(Guard& guard, Accounts::State& accounts);  // the first account, invitations
void add_totp_routes(Guard& guard, Accounts::State& accounts);          // second factor
// users, for administrators; they are given cameras that there are
void add_user_routes(Guard& guard, Accounts::State& accounts, const CameraList& cameras);
void add_token_routes(Guard& guard, Accounts::State& accounts);      // API and scrape tokens
void add_accounts_control(Guard& guard, Accounts::State& accounts);  // what a command changed

// What the account routes have in common.
inline constexpr std::size_t account_body_bytes = 8 * 1024;
http::Response failure(const Error& error, const event::TraceContext& trace);
http::Response refusal(int status, std::string detail, const http::Request& request);
nlohmann::ordered_json user_json(const store::User& user);

// What is put on record of a change of data, before it and after it.
AuditRecord change_record(const http::Request& request, const std::string& who, std::string operation);
// Of one whose `changes`, JSON or words, name nobody.
AuditRecord change_record(const http::Request& request, const std::string& who, std::string operation,
                          std::string changes);

// Records a change of data and says whether it may go on: what cannot be recorded is not done. The job
// that called it ends with the change's outcome, which run() records.
std::optional<http::Response> record_change(Accounts::State& accounts, const http::Request& request,
                                            const std::string& who, const std::string& operation,
                                            const std::string& changes);

// A wrong password or code of that name, wherever it was asked for: counted, and the name is locked when it
// was one too many. Executor's thread.
void count_failed_proof(Accounts::State& accounts, const std::string& name, const http::Request& request);

// The second factor as given in a request: a code of the authenticator or a recovery code.
struct SecondFactor {
  std::optional<std::string> code;
  std::optional<std::string> recovery;
};
// Executor's thread. Spends the code.
Result<bool> second_factor_is_right(OpenAccounts& open, std::int64_t user_id, const SecondFactor& given,
                                    WallTime now);

}  // namespace porchlight::api
