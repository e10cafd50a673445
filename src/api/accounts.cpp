// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/accounts.hpp"

#include <algorithm>
#include <utility>

#include "api/accounts_state.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;

constexpr auto first_run_time = 24h;
// So long an expired token is still listed.
constexpr auto expired_token_time = 24h * 7;
// A session's last use is written down this often; after a crash it may look older by as much.
constexpr auto note_period = 60s;

telemetry::Counter security(telemetry::Metrics& metrics, const char* type, const char* source,
                            const char* action) {
  return metrics.counter("security_events_total",
                         {{"event_type", type}, {"source", source}, {"action_taken", action}});
}

std::size_t bytes_of(const Directory& known) {
  std::size_t bytes = 0;
  for (const auto& [hash, session] : known.sessions)
    bytes += sizeof(KnownSession) + sizeof(SessionLife) + hash.size() + session.row.token_hash.size() +
             session.row.address.size() + session.row.agent.size();
  return bytes;
}

// Sessions that were known before and are no longer.
std::size_t gone_from(const Directory& before, const Directory& fresh) {
  return static_cast<std::size_t>(
      std::count_if(before.sessions.begin(), before.sessions.end(),
                    [&](const auto& entry) { return !fresh.sessions.contains(entry.first); }));
}

telemetry::Gauge accounts_in(telemetry::Metrics& metrics, const char* state) {
  return metrics.gauge("user_accounts", {{"state", state}});
}

}  // namespace

AccountInstruments::AccountInstruments(telemetry::Metrics& metrics)
    : logins(metrics.counter("successful_logins_total")),
      failed_logins(metrics.counter("failed_logins_total")),
      registrations(metrics.counter("successful_registrations_total")),
      conflicts(metrics.counter("registration_conflicts_total")),
      lockouts(metrics.counter("account_lockouts_total")),
      login_duration(metrics.histogram("user_login_duration_seconds")),
      registration_duration(metrics.histogram("user_registration_duration_seconds")),
      sessions(metrics.gauge("user_sessions_active")),
      active(accounts_in(metrics, "active")),
      locked(accounts_in(metrics, "locked")),
      disabled(accounts_in(metrics, "disabled")),
      failed_login(security(metrics, "failed_login", "auth", "logged")),
      account_lockout(security(metrics, "account_lockout", "auth", "locked")),
      unauthorized(security(metrics, "unauthorized_access", "api", "blocked")),
      privilege_escalation(security(metrics, "privilege_escalation", "api", "blocked")),
      token_violation(security(metrics, "token_violation", "auth", "blocked")),
      erasure_request(security(metrics, "erasure_request", "api", "logged")),
      session_cache(metrics, "session") {
  for (std::size_t i = 0; i < std::size(verdicts); ++i)
    verdicts[i] = metrics.counter("jwt_token_validations_total",
                                  {{"result", std::string(to_string(static_cast<TokenVerdict>(i)))}});
}

Accounts::State::State(AccountOptions wanted, std::filesystem::path where, const Clock& time,
                       telemetry::Metrics& numbers, AccountPorts given)
    : options(wanted),
      folder(std::move(where)),
      clock(time),
      metrics(numbers),
      ports(std::move(given)),
      instruments(metrics),
      throttle({.failures = static_cast<std::uint32_t>(wanted.lockout_failures),
                .address_failures = static_cast<std::uint32_t>(wanted.lockout_failures) * 4,
                .lock = wanted.lockout_time},
               time, numbers),
      refusals(time, OnceAMinute::WhenFull::say_no),
      hasher(wanted.password) {}

DirectoryPtr Accounts::State::directory() const {
  const std::lock_guard lock(mutex_);
  return directory_;
}

void Accounts::State::show(DirectoryPtr fresh) {
  const std::lock_guard lock(mutex_);
  directory_.swap(fresh);
}

Status Accounts::State::audit(const AuditRecord& record) const {
  return ports.audit ? ports.audit(record) : Status{};
}

Status Accounts::State::begin_change(AuditRecord record) {
  if (auto status = audit(record); !status) return status;
  begun = std::move(record);
  return {};
}

void Accounts::State::end_change(bool done) {
  auto record = std::exchange(begun, std::nullopt);
  if (!record) return;
  record->done = done;
  if (auto status = audit(*record); !status)
    log.error("the outcome of a change could not be recorded", {{"fault", status.error().text()}});
}

bool Accounts::State::is_expired(const KnownSession& session, WallTime now) const {
  return session.life->ended.load(std::memory_order_relaxed) ||
         now >= session.row.created + options.session_absolute ||
         now >= session.life->seen() + options.session_idle;
}

Status Accounts::State::open() {
  if (opened) return {};
  if (ports.ready && !ports.ready()) return Error(ErrorCode::unavailable, "the database is not open yet");
  auto database = store::Database::open(folder / "porchlight.db", {}, &metrics);
  if (!database) return std::move(database).error();
  auto key = store::AccountsKey::load(folder);
  if (!key) return std::move(key).error();
  auto signer = std::make_shared<const TokenSigner>(key->derived("jwt"));
  store::AccountsStore accounts(**database);
  opened.emplace(OpenAccounts{std::move(*database), accounts, std::move(*key), std::move(signer)});
  if (auto status = offer_first_run(); !status) return opened.reset(), status;
  if (auto status = publish(); !status) return opened.reset(), status;
  return {};
}

// Who can read the journal may make the first account; nobody else can.
Status Accounts::State::offer_first_run() {
  const auto count = opened->store.count();
  if (!count) return count.error();
  if (*count > 0) return {};
  const auto code = new_account_code();
  store::Invitation invitation;
  invitation.code_hash = code.hash;
  invitation.role = store::Role::admin;
  invitation.cameras.all = true;
  invitation.first_run = true;
  invitation.expires = clock.wall() + first_run_time;
  if (auto status = opened->store.invite(invitation, clock.wall()); !status) return status;
  log.warning(
      "no account exists; make the first one with this code (docs/accounts.md), good once and for 24 hours",
      {{"first_run", code.text}});
  return {};
}

Status Accounts::State::publish() {
  auto users = opened->store.users();
  if (!users) return std::move(users).error();
  auto sessions = opened->store.sessions();
  if (!sessions) return std::move(sessions).error();
  auto tokens = opened->store.tokens();
  if (!tokens) return std::move(tokens).error();
  const auto before = directory();
  auto fresh = std::make_shared<Directory>();
  fresh->read = true;
  fresh->signer = opened->signer;
  for (auto& user : *users) fresh->users.emplace(user.id, std::move(user));
  for (auto& session : *sessions) {
    const auto known = before->sessions.find(session.token_hash);
    auto life =
        known != before->sessions.end() ? known->second.life : std::make_shared<SessionLife>(session.seen);
    auto hash = session.token_hash;
    fresh->sessions.emplace(std::move(hash), KnownSession{std::move(session), std::move(life)});
  }
  for (auto& token : *tokens) {
    auto& kind = token.kind == store::TokenKind::scrape ? fresh->scrape_tokens : fresh->api_tokens;
    auto key = token.kind == store::TokenKind::scrape ? token.secret_hash : token.id;
    kind.emplace(std::move(key), std::move(token));
  }
  instruments.session_cache.evicted(gone_from(*before, *fresh));
  show(std::move(fresh));
  measure();
  return {};
}

void Accounts::State::note_sessions() {
  if (clock.now() < next_note) return;
  next_note = clock.now() + note_period;
  const auto known = directory();
  std::vector<store::Session> seen;
  for (const auto& [hash, session] : known->sessions) {
    if (session.life->seen() - session.row.seen < note_period / 2) continue;
    seen.push_back(session.row);
    seen.back().seen = session.life->seen();
  }
  auto status = opened->store.touch_sessions(seen);
  const auto now = clock.wall();
  if (status)
    status = opened->store.end_sessions_before(now - options.session_absolute, now - options.session_idle);
  if (status) status = opened->store.forget_tokens_expired_before(now - expired_token_time);
  if (status) status = publish();
  if (!status) log.error("sessions were not written down", {{"fault", status.error().text()}});
}

void Accounts::State::measure() {
  const auto known = directory();
  const auto now = clock.wall();
  const auto is_live = [&](const auto& entry) { return !is_expired(entry.second, now); };
  instruments.sessions.set(
      static_cast<double>(std::count_if(known->sessions.begin(), known->sessions.end(), is_live)));
  instruments.session_cache.holds(bytes_of(*known));
  double active = 0, locked = 0, disabled = 0;
  for (const auto& [id, user] : known->users)
    ++(user.disabled ? disabled : throttle.is_locked(user.name) ? locked : active);
  instruments.active.set(active);
  instruments.locked.set(locked);
  instruments.disabled.set(disabled);
}

Accounts::Accounts(AccountOptions options, std::filesystem::path folder, const Clock& clock,
                   telemetry::Metrics& metrics, AccountPorts ports)
    : state_(std::make_unique<State>(options, std::move(folder), clock, metrics, std::move(ports))) {}
Accounts::~Accounts() = default;

bool Accounts::tick() {
  auto& s = *state_;
  // The store lane says what it waits for.
  if (s.ports.ready && !s.ports.ready() && !s.opened) return false;
  if (auto status = s.open(); !status) {
    const auto& fault = status.error().text();
    if (fault != s.last_fault) s.log.error("nobody can log in, trying again", {{"fault", fault}});
    s.last_fault = fault;
    return true;  // once a second will do
  }
  s.last_fault.clear();
  s.note_sessions();
  s.measure();
  return true;
}

void run(Accounts::State& accounts, Pace pace, const http::Request& request, const http::Responder& responder,
         AccountJob job, std::function<void()> dropped) {
  const auto refuse = [responder, trace = request.trace, dropped](const char* why) {
    auto response = http::problem_response({.status = 503, .detail = why}, trace);
    response.headers.emplace_back("Retry-After", "2");
    if (dropped) dropped();
    responder.send(std::move(response));
  };
  const auto& submit = pace == Pace::slow ? accounts.ports.slow : accounts.ports.quick;
  const bool taken = submit([&accounts, job = std::move(job), responder, refuse] {
    if (!accounts.open()) return refuse("accounts cannot be read; the journal says why");
    accounts.begun.reset();  // of a job that threw
    auto response = job(*accounts.opened);
    accounts.end_change(response.status < 400);
    responder.send(std::move(response));
  });
  if (!taken) refuse("too many are logging in at this moment");
}

}  // namespace porchlight::api
