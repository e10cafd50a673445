// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/supervisor.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 30'000ms;
constexpr auto settled_after = 60s;  // a worker that ran this long starts over with the first pause

// errors_total speaks of components, the supervisor of workers.
std::string component_of(std::string_view worker_id, std::string_view worker_type) {
  if (worker_id == "accounts") return "auth";
  if (worker_id == "store") return "database";
  if (worker_id == "library" || worker_id == "trials") return "api";
  if (worker_type == "ingest" || worker_type == "decoder") return "ingest";
  if (worker_type == "detector" || worker_type == "motion") return "detector";
  if (worker_type == "recognizer") return "recognizer";
  if (worker_type == "recorder") return "recorder";
  if (worker_type == "notifier") return "notifier";
  if (worker_type == "button" || worker_type == "output" || worker_type == "sampler") return "hardware";
  if (worker_type == "streamer") return "streaming";
  if (worker_type == "http") return "api";
  return "storage";
}

// nice(7) levels. Not real time: a fault there would freeze a board with one processor.
int nice_of(Urgency urgency) {
  switch (urgency) {
    case Urgency::ring:
      return -10;
    case Urgency::watching:
      return 2;
    case Urgency::background:
      return 5;
    case Urgency::normal:
      break;
  }
  return 0;
}

}  // namespace

struct Supervisor::Entry {
  WorkerSpec spec;
  telemetry::Gauge health;
  telemetry::Counter errors;
  telemetry::Counter restarts;
  std::unique_ptr<Worker> worker;
  MonotonicTime started{};
  std::chrono::milliseconds pause{first_pause};
  std::optional<MonotonicTime> restart_at;
  bool silent = false;
  bool given_up = false;
};

Supervisor::Supervisor(const Clock& clock, telemetry::Metrics& metrics) : clock_(clock), metrics_(metrics) {}

Supervisor::~Supervisor() {
  // Their threads still run: a destroyed Worker would be touched from there.
  const auto leave = [](Entry& entry) {
    entry.worker->abandon();
    entry.worker.release();  // NOLINT(bugprone-unused-return-value)
  };
  for (auto& [id, entry] : entries_)
    if (entry->given_up) leave(*entry);
  forget_ended();
  for (auto& entry : abandoned_) leave(*entry);
}

void Supervisor::start(WorkerSpec spec) {
  auto entry = std::make_unique<Entry>();
  entry->health =
      metrics_.gauge("pipeline_worker_health", {{"worker_id", spec.id}, {"worker_type", spec.type}});
  entry->errors = metrics_.counter("errors_total", {{"component", component_of(spec.id, spec.type)},
                                                    {"error_type", "internal"},
                                                    {"severity", "critical"}});
  entry->restarts = metrics_.counter("pipeline_worker_restarts_total", {{"worker_type", spec.type}});
  entry->spec = std::move(spec);
  launch(*entry);
  const auto id = entry->spec.id;
  entries_[id] = std::move(entry);
}

void Supervisor::launch(Entry& entry) {
  entry.restart_at.reset();
  entry.started = clock_.now();
  entry.worker = std::make_unique<Worker>(entry.spec.id, clock_, with_urgency(entry.spec));
  entry.health.set(1);
}

// Linux keeps a nice level per thread. Without the right to raise it the worker runs all the same.
Worker::Body Supervisor::with_urgency(const WorkerSpec& spec) {
  const int level = nice_of(spec.urgency);
  if (level == 0) return spec.body;
  return [this, level, body = spec.body](std::stop_token stop, Heartbeat& beat) {
    if (::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), level) != 0 &&
        !refusal_said_.test_and_set())
      log_.warning("no right to put the ring first, it waits its turn on a busy machine",
                   {{"fault", errno_error(errno, "set nice level " + std::to_string(level)).text()},
                    {"mend", "LimitNICE=-10 in the service's unit"}});
    body(stop, beat);
  };
}

bool Supervisor::check() {
  bool all_beat = true;
  const auto now = clock_.now();
  forget_ended();
  for (auto& [id, entry] : entries_) {
    if (entry->restart_at) {
      if (now >= *entry->restart_at) {
        entry->restarts.increment();
        launch(*entry);
      }
      continue;
    }
    if (entry->worker->state() != Worker::State::running) {
      note_ended(*entry);
      continue;
    }
    const bool silent = entry->worker->heartbeat().age() > entry->spec.deadline;
    if (silent && !entry->silent) {
      log_.critical("worker is silent past its deadline", {{"worker", id}});
      entry->errors.increment();
    }
    entry->silent = silent;
    entry->health.set(silent ? 0 : 1);
    all_beat = all_beat && !silent;
  }
  return all_beat && abandoned_.empty();
}

void Supervisor::note_ended(Entry& entry) {
  const auto now = clock_.now();
  if (now - entry.started > settled_after) entry.pause = first_pause;
  const bool threw = entry.worker->state() == Worker::State::threw;
  log_.error(threw ? "worker threw, restarting" : "worker returned, restarting",
             {{"worker", entry.spec.id},
              {"fault", entry.worker->fault()},
              {"pause_ms", std::int64_t{entry.pause.count()}}});
  entry.errors.increment();
  entry.health.set(0);
  entry.restart_at = now + entry.pause;
  entry.pause = std::min<std::chrono::milliseconds>(entry.pause * 2, longest_pause);
  ++restarts_;
}

bool Supervisor::join_until(Entry& entry, MonotonicTime deadline) {
  SystemClock real;
  while (entry.worker->state() == Worker::State::running) {
    if (real.now() >= deadline) {
      entry.given_up = true;
      log_.error("worker did not stop in time, giving it up", {{"worker", entry.spec.id}});
      return false;
    }
    real.sleep_for(1ms, std::stop_token{});
  }
  entry.worker->join();
  return true;
}

void Supervisor::request_stop(const std::string& id) {
  if (const auto found = entries_.find(id); found != entries_.end()) found->second->worker->request_stop();
}

bool Supervisor::retire(const std::string& id, std::chrono::milliseconds limit) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return !is_abandoned(id);
  auto& entry = *found->second;
  entry.worker->request_stop();
  const bool joined = join_until(entry, SystemClock{}.now() + limit);
  if (joined)
    metrics_.remove_gauge("pipeline_worker_health",
                          {{"worker_id", entry.spec.id}, {"worker_type", entry.spec.type}});
  else
    entry.health.set(0);
  if (!joined) abandoned_.push_back(std::move(found->second));
  entries_.erase(found);
  return joined;
}

// What hangs in an early stage must not cost the later ones their time: they write down what was
// delivered.
bool Supervisor::stop(std::chrono::milliseconds limit) {
  static constexpr std::array<std::pair<Stage, int>, 8> percent_of_limit{{{Stage::sources, 30},
                                                                          {Stage::decoders, 40},
                                                                          {Stage::recorders, 65},
                                                                          {Stage::events, 70},
                                                                          {Stage::notify, 80},
                                                                          {Stage::store, 95},
                                                                          {Stage::http, 98},
                                                                          {Stage::log, 100}}};
  const auto begun = SystemClock{}.now();
  forget_ended();
  bool all = abandoned_.empty();
  for (const auto& [stage, percent] : percent_of_limit) {
    for (auto& [id, entry] : entries_)
      if (entry->spec.stage == stage) entry->worker->request_stop();
    for (auto& [id, entry] : entries_)
      if (entry->spec.stage == stage) all = join_until(*entry, begun + limit * percent / 100) && all;
  }
  return all;
}

// Who was only late, on a disk that took its time, is no fault for ever. A worker of the same name may have
// begun meanwhile: the series is its.
void Supervisor::forget_ended() {
  std::erase_if(abandoned_, [this](const auto& entry) {
    if (entry->worker->state() == Worker::State::running) return false;
    entry->worker->join();
    log_.info("a worker that was given up has ended", {{"worker", entry->spec.id}});
    if (!entries_.contains(entry->spec.id))
      metrics_.remove_gauge("pipeline_worker_health",
                            {{"worker_id", entry->spec.id}, {"worker_type", entry->spec.type}});
    return true;
  });
}

bool Supervisor::is_abandoned(const std::string& id) {
  forget_ended();
  return std::any_of(abandoned_.begin(), abandoned_.end(),
                     [&](const auto& entry) { return entry->spec.id == id; });
}

std::vector<std::string> Supervisor::silent() const {
  std::vector<std::string> names;
  for (const auto& [id, entry] : entries_)
    if (entry->silent) names.push_back(id);
  for (const auto& entry : abandoned_) names.push_back(entry->spec.id);
  return names;
}

}  // namespace porchlight::pipeline
