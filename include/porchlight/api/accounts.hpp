// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/api/password.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

struct AccountOptions {
  std::chrono::milliseconds session_idle{std::chrono::hours{24 * 7}};
  std::chrono::milliseconds session_absolute{std::chrono::hours{24 * 30}};
  std::int64_t lockout_failures = 5;
  std::chrono::milliseconds lockout_time{std::chrono::minutes{15}};
  PasswordCost password{};  // not configurable: tests make it cheap
};

// Reads `accounts:` of the configuration's root.
AccountOptions read_account_options(config::Section accounts);

// What the audit trail is told; the fields a kind does not name stay empty.
struct AuditRecord {
  enum class Kind { authentication, authorization, data_access, data_modification, security_event };
  Kind kind = Kind::authentication;
  std::string user{};  // as claimed in a failed login
  std::string ip_address{};
  std::string user_agent{};
  bool success = false;      // authentication; authorization: granted
  std::string method{};      // authentication: password, totp, token
  std::string resource{};    // authorization, data_access, data_modification: /api/v1/users/3
  std::string person{};      // data_modification: whose faces or name it is about, instead of `resource`
  std::string permission{};  // authorization: admin, camera front
  std::string operation{};   // data_access: read, export, view; data_modification: add, update, delete, test
  // data_access: so long it was looked at, of what lasts and has ended.
  std::optional<std::int64_t> seconds{};
  std::string changes{};  // data_modification, JSON; never a secret
  bool changes_are_personal = true;
  // data_modification: empty before the change, then whether it was made.
  std::optional<bool> done{};
  std::string event_type{};  // security_event: label of security_events_total
  std::string description{};
};
// From the listener's thread, which it must not hold up, and from the accounts'. Changes of data come
// from the latter only: success means that the record is on the medium, an Error refuses the change. It
// stops no login and no refusal.
using AuditSink = std::function<Status(const AuditRecord&)>;

// The executor that `pipeline` made. Jobs run one at a time on one thread, quick ones first; false:
// its queue is full.
struct AccountPorts {
  using Job = std::function<void()>;
  std::function<bool(Job)> quick;  // a look into the database
  std::function<bool(Job)> slow;   // a password to hash
  AuditSink audit;                 // may be empty
  // Whether the database is there and migrated, which is the store lane's work. Empty: it is.
  std::function<bool()> ready;
};

// Who may come in: accounts, sessions, tokens. The truth is the database, which only the executor's
// thread touches; what the listener's thread needs to judge a request is a copy in memory.
class Accounts {
 public:
  Accounts(AccountOptions options, std::filesystem::path folder, const Clock& clock,
           telemetry::Metrics& metrics, AccountPorts ports);
  ~Accounts();
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Executor's thread, about once a second. Opens the database (again, while that fails) and prints the
  // first-run code when there is no account; ends what expired; writes down who was seen. False while the
  // store has not opened the database yet: then nobody can log in, and it should be called again soon.
  bool tick();
  // Any thread; does not wait. Puts an entry of nobody's into what is kept in memory of sessions and of login
  // attempts, finds it, lets it end and forgets it. `done` is called once, from the executor's thread or from
  // here.
  void prove_caches(std::function<void(Status)> done);

  struct State;
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::api
