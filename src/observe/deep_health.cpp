// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/deep_health.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;

// A check stands behind those that it needs.
constexpr DeepCheck table[] = {
    {"database", "database", Weight::breaks, 10s, {}},
    {"cache", "cache", Weight::breaks, 5s, {"database"}},
    {"storage", "storage", Weight::breaks, 30s, {}},
    {"model", "model_validation", Weight::breaks, 30s, {}},
    {"memory", "memory", Weight::degrades, 5s, {}},
    {"gpu", "gpu", Weight::degrades, 5s, {}},
    {"cameras", "cameras", Weight::degrades, 5s, {}},
    {"pipeline", "pipeline", Weight::breaks, 30s, {"database", "storage"}},
    {"notifications", "notifications", Weight::degrades, 300s, {}},
    {"audit", "audit", Weight::breaks, 30s, {"database"}},
    {"time", "time", Weight::degrades, 5s, {}},
};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

const CheckReport* find(const std::vector<CheckReport>& reports, std::string_view name) {
  const auto found = std::find_if(reports.begin(), reports.end(),
                                  [&](const CheckReport& report) { return report.check->name == name; });
  return found == reports.end() ? nullptr : &*found;
}

// The first of the checks that it needs and that did not pass. One that has no probe is in nobody's way.
std::string_view missing(const DeepCheck& check, const std::vector<CheckReport>& before) {
  for (const auto need : check.needs) {
    const auto* report = find(before, need);
    if (report != nullptr && report->outcome != Outcome::pass) return need;
  }
  return {};
}

// What is skipped says nothing: its cause does.
Condition condition_of(const std::vector<CheckReport>& reports) {
  auto condition = Condition::healthy;
  for (const auto& report : reports)
    if (report.outcome == Outcome::fail)
      condition = std::max(
          condition, report.check->weight == Weight::breaks ? Condition::unhealthy : Condition::degraded);
  return condition;
}

std::string text_of(const CheckReport& report) {
  for (const auto& field : report.detail)
    if (field.key == "fault")
      if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  return {};
}

void fail(CheckReport& report, std::string fault) {
  report.outcome = Outcome::fail;
  report.detail.push_back({"fault", std::move(fault)});
}

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::round<std::chrono::milliseconds>(time).count()) + " ms";
}

}  // namespace

std::span<const DeepCheck> deep_checks() noexcept {
  return table;
}

DeepHealth::DeepHealth(Probes probes, const Clock& clock, telemetry::Metrics& metrics)
    : probes_(std::move(probes)),
      clock_(clock),
      metrics_(metrics),
      whole_(metrics.histogram("system_health_check_duration_seconds")),
      durations_{{"database", metrics.histogram("database_health_check_duration_seconds")},
                 {"cache", metrics.histogram("redis_health_check_duration_seconds")}},
      next_(clock.now() + period) {}

void DeepHealth::tick(const std::stop_token& stop) {
  if (clock_.now() >= next_) (void)run(stop);
}

std::optional<DeepReport> DeepHealth::report(const std::stop_token& stop) {
  if (clock_.now() - ended_ < fresh_for) {
    const std::lock_guard lock(mutex_);
    if (newest_) return newest_;
  }
  return run(stop);
}

Finding DeepHealth::look(const DeepCheck& check, const Probe& probe, const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    running_ = Running{&check, clock_.now()};
  }
  Finding finding;
  try {
    finding = probe(stop);
  } catch (const std::exception& thrown) {
    finding = {.fault = std::string("it could not be run: ") + thrown.what()};
  }
  const std::lock_guard lock(mutex_);
  running_.reset();
  return finding;
}

CheckReport DeepHealth::run_one(const DeepCheck& check, const Probe& probe, const std::stop_token& stop) {
  CheckReport report{&check, Outcome::pass};
  const auto begun = clock_.now();
  auto finding = look(check, probe, stop);
  report.took = clock_.now() - begun;
  report.detail = std::move(finding.detail);
  if (!finding.fault.empty())
    fail(report, std::move(finding.fault));
  else if (report.took > check.limit)
    fail(report, "it took " + milliseconds(report.took) + ", " + milliseconds(check.limit) + " at most");
  return report;
}

std::optional<DeepHealth::Running> DeepHealth::overdue() const {
  const std::lock_guard lock(mutex_);
  if (!running_ || clock_.now() - running_->since <= running_->check->limit) return std::nullopt;
  return running_;
}

// What comes back in the end has failed as well: it took too long.
void DeepHealth::show_overdue() {
  if (const auto hanging = overdue())
    metrics_.gauge("health_check_status", {{"check", std::string(hanging->check->name)}}).set(0);
}

std::optional<DeepReport> DeepHealth::overdue_report() const {
  const auto hanging = overdue();
  if (!hanging) return std::nullopt;
  CheckReport fault{hanging->check};
  fault.took = clock_.now() - hanging->since;
  fail(fault, "it has not ended for " + milliseconds(fault.took));
  DeepReport report;
  report.at = clock_.wall();
  {
    const std::lock_guard lock(mutex_);
    if (newest_) report = *newest_;
  }
  std::erase_if(report.checks, [&](const CheckReport& one) { return one.check == hanging->check; });
  report.checks.push_back(std::move(fault));
  report.condition = condition_of(report.checks);
  return report;
}

std::optional<DeepReport> DeepHealth::run(const std::stop_token& stop) {
  DeepReport report;
  report.at = clock_.wall();
  const auto begun = clock_.now();
  for (const auto& check : table) {
    const auto probe = probes_.find(check.name);
    if (probe == probes_.end()) continue;
    if (const auto need = missing(check, report.checks); !need.empty())
      report.checks.push_back({&check, Outcome::skipped, {}, {{"needs", std::string(need)}}});
    else
      report.checks.push_back(run_one(check, probe->second, stop));
    if (stop.stop_requested()) return std::nullopt;  // it was hurried, and proves nothing
  }
  ended_ = clock_.now();
  report.took = ended_ - begun;
  report.condition = condition_of(report.checks);
  next_ = ended_ + period;
  show(report);
  tell_news(report);
  const std::lock_guard lock(mutex_);
  newest_ = std::move(report);
  return newest_;
}

void DeepHealth::show(const DeepReport& report) {
  whole_.observe(seconds(report.took));
  for (const auto& check : report.checks) {
    if (check.outcome == Outcome::skipped) continue;
    const telemetry::Labels labels = {{"check", std::string(check.check->name)}};
    metrics_.gauge("health_check_status", labels).set(check.outcome == Outcome::pass ? 1 : 0);
    if (check.outcome == Outcome::pass)
      metrics_.gauge("health_check_last_success_timestamp_seconds", labels)
          .set(seconds(clock_.wall().time_since_epoch()));
    if (auto duration = durations_.find(check.check->name); duration != durations_.end())
      duration->second.observe(seconds(check.took));
  }
}

// Once when it fails, however long it does, and once when it passes again.
void DeepHealth::tell_news(const DeepReport& report) {
  for (const auto& check : report.checks) {
    if (check.outcome == Outcome::skipped) continue;
    const bool failed = check.outcome == Outcome::fail;
    if (failed == failing_.contains(check.check->name)) continue;
    telemetry::Fields about = {{"check", std::string(check.check->name)}};
    if (failed) {
      about.push_back({"fault", text_of(check)});
      log_.warning("a deep check fails", about);
      failing_.insert(check.check->name);
    } else {
      log_.info("a deep check passes again", about);
      failing_.erase(check.check->name);
    }
  }
}

std::string_view to_string(Outcome outcome) noexcept {
  constexpr std::array<std::string_view, 3> words = {"pass", "fail", "skipped"};
  return words[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(Condition condition) noexcept {
  constexpr std::array<std::string_view, 3> words = {"healthy", "degraded", "unhealthy"};
  return words[static_cast<std::size_t>(condition)];
}

}  // namespace porchlight::observe
