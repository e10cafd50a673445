// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "api/directory.hpp"
#include "api/once_a_minute.hpp"
#include "api/throttle.hpp"
#include "porchlight/api/accounts.hpp"
#include "porchlight/http/problem.hpp"
#include "porchlight/http/responder.hpp"
#include "porchlight/store/accounts_key.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/telemetry/cache_meter.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::api {

struct AccountInstruments {
  explicit AccountInstruments(telemetry::Metrics& metrics);
  telemetry::Counter logins, failed_logins, registrations, conflicts, lockouts;
  telemetry::Histogram login_duration, registration_duration;
  telemetry::Gauge sessions, active, locked, disabled;
  telemetry::Counter verdicts[7];  // by TokenVerdict
  // security_events_total
  telemetry::Counter failed_login, account_lockout, unauthorized, privilege_escalation, token_violation;
  telemetry::Counter erasure_request;
  telemetry::CacheMeter session_cache;  // the sessions of the directory; holds(): executor's thread
};

// What a job on the executor's thread works with.
struct OpenAccounts {
  std::unique_ptr<store::Database> database;
  store::AccountsStore store;
  store::AccountsKey key;
  std::shared_ptr<const TokenSigner> signer;
};

struct Accounts::State {
  State(AccountOptions wanted, std::filesystem::path where, const Clock& time, telemetry::Metrics& numbers,
        AccountPorts given);

  // any thread
  DirectoryPtr directory() const;
  Status audit(const AuditRecord& record) const;
  void count(TokenVerdict verdict) { instruments.verdicts[static_cast<std::size_t>(verdict)].increment(); }
  bool is_expired(const KnownSession& session, WallTime now) const;

  // executor's thread
  Status begin_change(AuditRecord record);
  // Records what became of the change that the job began, if it began one.
  void end_change(bool done);
  Status open();
  Status offer_first_run();
  // Reads everything again; what the listener sees from then on. Sessions keep their lives.
  Status publish();
  void note_sessions();
  Status prove_sessions();  // cache_proof.cpp
  void measure();

  // const after construction
  const AccountOptions options;
  const std::filesystem::path folder;
  const Clock& clock;
  telemetry::Metrics& metrics;
  const AccountPorts ports;
  const telemetry::Logger log{"doorbell.auth", telemetry::Component::auth};
  // any thread
  AccountInstruments instruments;
  Throttle throttle;
  OnceAMinute refusals;
  PasswordHasher hasher;  // executor's thread but for calls()
  // executor's thread
  std::optional<OpenAccounts> opened;
  std::optional<AuditRecord> begun;  // by the job that runs
  std::string last_fault;
  MonotonicTime next_note{};

 private:
  void show(DirectoryPtr directory);

  mutable std::mutex mutex_;
  DirectoryPtr directory_ = std::make_shared<const Directory>();
};

// One job of a route: runs on the executor's thread with the accounts open, and answers.
using AccountJob = std::function<http::Response(OpenAccounts&)>;
enum class Pace { quick, slow };
// 503 with Retry-After when the queue is full or the database is not open; `dropped` is called then.
void run(Accounts::State& accounts, Pace pace, const http::Request& request, const http::Responder& responder,
         AccountJob job, std::function<void()> dropped = {});

}  // namespace porchlight::api
