// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::observe {

// What it means for the house when a check fails: something is missing (degraded), or what the house is for
// does not work (unhealthy).
enum class Weight { degrades, breaks };

// A row of the table of deep checks; docs/health.md is held against it.
struct DeepCheck {
  std::string_view name;  // label `check` of the metrics
  std::string_view key;   // in the body of /health/deep
  Weight weight;
  // What takes longer has failed, whatever it says. A probe waits for nothing longer than that by itself.
  std::chrono::milliseconds limit;
  // Names of checks before it. Where one of them did not pass this one is skipped and its gauge stays, so
  // that only the cause turns.
  std::array<std::string_view, 2> needs;
};
// In the order in which they run.
std::span<const DeepCheck> deep_checks() noexcept;

// What a probe saw. Empty fault: it passed.
struct Finding {
  telemetry::Fields detail{};
  std::string fault{};
};
// On the thread that runs the checks; returns soon after `stop` was requested. What it throws is its fault.
using Probe = std::function<Finding(const std::stop_token& stop)>;
using Probes = std::map<std::string_view, Probe>;  // by the checks' names

enum class Outcome { pass, fail, skipped };
std::string_view to_string(Outcome outcome) noexcept;

struct CheckReport {
  const DeepCheck* check;  // of the table
  Outcome outcome = Outcome::skipped;
  std::chrono::nanoseconds took{};
  telemetry::Fields detail{};
};

enum class Condition { healthy, degraded, unhealthy };
std::string_view to_string(Condition condition) noexcept;

struct DeepReport {
  Condition condition = Condition::healthy;
  WallTime at{};  // when it began
  std::chrono::nanoseconds took{};
  std::vector<CheckReport> checks;
};

// The body of /health/deep: {"status","timestamp","duration_ms","checks":{KEY:{"status","duration_ms",
// "detail"}}}. Texts are scrubbed.
std::string json_of(const DeepReport& report);

// Runs the checks that have a probe, one after the other, and shows what came of them in
// health_check_status, health_check_last_success_timestamp_seconds and the histograms of their durations.
// One thread, but for what says otherwise.
class DeepHealth {
 public:
  static constexpr std::chrono::minutes period{5};  // the first that long after construction
  static constexpr std::chrono::seconds fresh_for{10};

  // `clock` and `metrics` outlive it.
  DeepHealth(Probes probes, const Clock& clock, telemetry::Metrics& metrics);

  // Now and then: runs the checks when their time has come.
  void tick(const std::stop_token& stop);
  // The newest report while it is fresh, else a new one. Nothing: stopped meanwhile.
  std::optional<DeepReport> report(const std::stop_token& stop);

  // Any thread, now and then: a check that has run for longer than its limit has failed, also when its probe
  // never comes back.
  void show_overdue();
  // Any thread: what is known while a check is overdue: the newest report, with that check as failed.
  std::optional<DeepReport> overdue_report() const;

 private:
  struct Running {
    const DeepCheck* check;
    MonotonicTime since;
  };
  std::optional<Running> overdue() const;
  Finding look(const DeepCheck& check, const Probe& probe, const std::stop_token& stop);
  CheckReport run_one(const DeepCheck& check, const Probe& probe, const std::stop_token& stop);
  std::optional<DeepReport> run(const std::stop_token& stop);
  void show(const DeepReport& report);
  void tell_news(const DeepReport& report);

  const Probes probes_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger log_{"doorbell.health", telemetry::Component::system};
  telemetry::Histogram whole_;
  std::map<std::string_view, telemetry::Histogram>
      durations_;  // of the checks that have a family of their own
  std::set<std::string_view> failing_;
  MonotonicTime ended_{};  // the newest report
  MonotonicTime next_;
  mutable std::mutex mutex_;  // of what follows
  std::optional<DeepReport> newest_;
  std::optional<Running> running_;
};

}  // namespace porchlight::observe
