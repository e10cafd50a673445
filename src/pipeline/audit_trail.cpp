// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_trail.hpp"

#include <algorithm>
#include <utility>

#include "porchlight/telemetry/build.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto reopen_pause = 2s;
// A command appends in a millisecond; whoever holds the log longer must not hold up rings.
constexpr auto patience = 200ms;
constexpr auto flush_after = 900ms;
constexpr auto anchor_period = 1h;
constexpr std::uint64_t anchor_records = 1000;
constexpr auto verification_period = 24h;
constexpr std::size_t faults_said = 16;
constexpr std::size_t records_a_step = 32;  // under a millisecond

store::AuditEntry entry_of(store::AuditEvent event) {
  return {std::move(event), {}, {}};
}

}  // namespace

AuditTrail::AuditTrail(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics,
                       std::function<void(event::Event)> alarm)
    : folder_(std::move(folder)),
      clock_(clock),
      alarm_(std::move(alarm)),
      failures_(metrics.counter("audit_log_write_failures_total")),
      integrity_(metrics.gauge("audit_log_integrity_status")),
      verified_at_(metrics.gauge("audit_log_last_verified_timestamp_seconds")) {
  for (const auto type : store::audit_types())
    entries_[type] = metrics.counter("audit_log_entries_total", {{"event_type", std::string(type)}});
}

AuditTrail::~AuditTrail() = default;

bool AuditTrail::open() {
  if (audit_) return true;
  if (clock_.now() < next_open_) return false;
  next_open_ = clock_.now() + reopen_pause;
  store::AuditOptions options{folder_};
  options.patience = patience;
  auto log = store::AuditLog::open(std::move(options), clock_);
  if (!log) {
    failed(log.error());
    return false;
  }
  audit_ = std::move(*log);
  audit_->use_database(database_);
  next_anchor_ = clock_.now() + anchor_period;
  return true;
}

void AuditTrail::use_database(store::Database* database) {
  database_ = database;
  if (audit_) audit_->use_database(database);
  verifier_.reset();
  next_verification_ = clock_.now();
}

Status AuditTrail::record(const store::AuditEntry& entry, store::Durability durability) {
  if (!open()) {
    failures_.increment();
    return Error(ErrorCode::unavailable, last_fault_);
  }
  const bool was_clean = !audit_->dirty();
  auto status = audit_->append(entry, durability);
  if (!status) {
    failures_.increment();
    failed(status.error());
    return status;
  }
  said_.clear();
  entries_[store::audit_type(entry.event)].increment();
  if (was_clean) flush_due_ = clock_.now() + flush_after;
  if (audit_->unanchored() >= anchor_records) anchor("records");
  return status;
}

void AuditTrail::note_started() {
  if (std::exchange(started_, true)) return;
  const auto status = record(
      entry_of(store::SystemChange{"daemon", "started", "porchlight started", "",
                                   std::string(telemetry::build_version()), store::AuditResult::success}),
      store::Durability::synced);
  if (status) anchor("start");
}

void AuditTrail::note_event(const event::Event& event) {
  if (const auto* sighting = std::get_if<event::Sighting>(&event)) {
    auto entry =
        entry_of(store::FaceRecognition{std::string(to_string(sighting->verdict)), sighting->confidence,
                                        store::personal(sighting->person), sighting->camera_id});
    entry.at = sighting->header.at;
    (void)record(entry);
  } else if (const auto* security = std::get_if<event::Security>(&event)) {
    // Damage of the audit log has its record already.
    if (security->source == "audit") return;
    auto entry = entry_of(store::SecurityIncident{security->kind, "high",
                                                  "source " + security->source + ", " + security->action,
                                                  store::personal(security->person), std::nullopt});
    entry.at = security->header.at;
    (void)record(entry, store::Durability::synced);
  }
}

void AuditTrail::note_delivery(const store::RowKey& key, bool success, const std::string& type,
                               const std::string& label) {
  (void)record(entry_of(store::NotificationSent{type, store::plain(key.channel_id), label, success,
                                                key.event_id.text() + "/" + std::to_string(key.sequence)}));
}

void AuditTrail::turn() {
  const auto now = clock_.now();
  if (audit_ && audit_->dirty() && now >= flush_due_) {
    flush_due_ = now + flush_after;
    if (auto status = audit_->flush(); !status) failed(status.error());
  }
  if (audit_ && now >= next_anchor_) {
    next_anchor_ = now + anchor_period;
    anchor("hour");
  }
  if (verifier_ || now >= next_verification_) verify_step();
}

std::chrono::nanoseconds AuditTrail::pause(std::chrono::nanoseconds longest) const {
  if (verifier_) return 1ms;  // between two steps the queue goes first
  if (!audit_ || !audit_->dirty()) return longest;
  return std::clamp<std::chrono::nanoseconds>(flush_due_ - clock_.now(), 0ns, longest);
}

void AuditTrail::close() {
  const auto status = record(entry_of(store::SystemChange{"daemon", "stopped", "porchlight stopped", "", "",
                                                          store::AuditResult::success}),
                             store::Durability::synced);
  if (status) anchor("stop");
}

void AuditTrail::anchor(std::string_view reason) {
  if (auto status = audit_->anchor(reason); !status) failed(status.error());
}

void AuditTrail::failed(const Error& error) {
  last_fault_ = error.text();
  // Several faults may take turns: each is said once until something could be written again.
  if (said_.size() >= faults_said || !said_.insert(error.text()).second) return;
  log_.error("the audit log cannot be written", {{"fault", error.text()}});
}

void AuditTrail::verify_step() {
  if (!verifier_) {
    next_verification_ = clock_.now() + verification_period;
    auto key = store::find_audit_key(folder_);
    if (!key) return unverifiable(key.error());
    auto anchors = database_ != nullptr ? store::read_audit_anchors(*database_)
                                        : Result<std::vector<store::AuditAnchor>>({});
    if (!anchors) return unverifiable(anchors.error());
    auto begun = store::AuditVerifier::begin(folder_, std::move(*key), std::move(*anchors));
    if (!begun) return unverifiable(begun.error());
    verifier_ = std::move(*begun);
  }
  const auto done = verifier_->advance(records_a_step);
  if (!done) return unverifiable(done.error());
  if (*done) conclude(verifier_->verdict());
}

std::optional<bool> AuditTrail::intact() const noexcept {
  const auto found = found_.load();
  return found == Found::nothing_yet ? std::nullopt : std::optional(found == Found::whole);
}

void AuditTrail::unverifiable(const Error& error) {
  verifier_.reset();
  integrity_.set(0);
  found_.store(Found::damaged);
  log_.critical("the audit log cannot be verified", {{"fault", error.text()}});
}

void AuditTrail::conclude(const store::AuditVerdict& found) {
  const auto verdict = found;
  verifier_.reset();
  integrity_.set(verdict.ok() ? 1 : 0);
  found_.store(verdict.ok() ? Found::whole : Found::damaged);
  verified_at_.set(std::chrono::duration<double>(clock_.wall().time_since_epoch()).count());
  if (verdict.ok()) {
    log_.info("audit log verified", {{"records", static_cast<std::int64_t>(verdict.checked)}});
    return;
  }
  log_.critical("the audit log is not as it was written",
                {{"kind", std::string(to_string(*verdict.fault))},
                 {"first_bad", static_cast<std::int64_t>(verdict.first_bad)},
                 {"fault", verdict.detail}});
  (void)record(entry_of(store::SecurityIncident{
      "audit_integrity_failure",
      "critical",
      std::string(to_string(*verdict.fault)) + " at record " + std::to_string(verdict.first_bad),
      {},
      {}}));
  event::Security alarm;
  alarm.header = event::make_header(clock_);
  alarm.kind = "audit_integrity_failure";
  alarm.source = "audit";
  alarm_(std::move(alarm));
}

}  // namespace porchlight::pipeline
