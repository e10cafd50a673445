// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/store/audit_log.hpp"
#include "porchlight/store/audit_verifier.hpp"
#include "porchlight/store/outbox.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// The daemon's side of the audit log: what it records, its syncs, anchors and verifications. Store lane's
// thread only. A record that cannot be written is counted and said once; nothing waits for it but who
// asked for the Status.
class AuditTrail {
 public:
  // `alarm` takes the security event of a failed verification; must not block.
  AuditTrail(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics,
             std::function<void(event::Event)> alarm);
  ~AuditTrail();

  // Where personal values and anchors go; null before the database closes.
  void use_database(store::Database* database);

  Status record(const store::AuditEntry& entry, store::Durability durability = store::Durability::buffered);

  // What the lane sees anyway. `type` is the channel's, `label` the message's.
  void note_started();
  void note_event(const event::Event& event);
  void note_delivery(const store::RowKey& key, bool success, const std::string& type,
                     const std::string& label);

  // Syncs what is due, anchors, and goes on with a verification by a bounded step.
  void turn();
  // How long turn() may wait.
  std::chrono::nanoseconds pause(std::chrono::nanoseconds longest) const;
  // Any thread: what the newest verification found; nothing before the first has ended.
  std::optional<bool> intact() const noexcept;
  // A clean stop: the last record and its anchor.
  void close();

 private:
  bool open();
  void failed(const Error& error);
  void anchor(std::string_view reason);
  void verify_step();
  void conclude(const store::AuditVerdict& verdict);
  void unverifiable(const Error& error);

  const std::filesystem::path folder_;
  const Clock& clock_;
  const std::function<void(event::Event)> alarm_;
  const telemetry::Logger log_{"doorbell.audit", telemetry::Component::storage};
  std::map<std::string_view, telemetry::Counter> entries_;
  telemetry::Counter failures_;
  telemetry::Gauge integrity_;
  telemetry::Gauge verified_at_;
  enum class Found { nothing_yet, whole, damaged };
  std::atomic<Found> found_{Found::nothing_yet};
  store::Database* database_ = nullptr;
  std::unique_ptr<store::AuditLog> audit_;
  std::unique_ptr<store::AuditVerifier> verifier_;
  std::string last_fault_;
  std::set<std::string> said_;
  bool started_ = false;
  MonotonicTime next_open_{};
  MonotonicTime flush_due_{};
  MonotonicTime next_anchor_{};
  MonotonicTime next_verification_{};
};

}  // namespace porchlight::pipeline
