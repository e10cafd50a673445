// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/worker.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// The order of stopping: sources first, so that nothing new arrives while the rest drains.
enum class Stage { sources, decoders, recorders, events, store, notify, http, log };

// What the kernel's scheduler is told. `ring`: what a ring passes through goes before everything else
// on the machine. `watching`: who makes pictures of what is recorded: a machine that cannot do both records.
// `background`: what may wait while the machine is busy.
enum class Urgency { ring, normal, watching, background };

struct WorkerSpec {
  std::string id;    // `worker_id`: <type>-<camera or index>
  std::string type;  // `worker_type`, closed set
  Stage stage = Stage::events;
  std::chrono::milliseconds deadline{10'000};  // silent for longer → dead
  Worker::Body body;                           // run again after it returned or threw
  Urgency urgency = Urgency::normal;
};

// Keeps the workers alive. A body that returns or throws is started again in-process, with a pause
// that doubles up to 30 s while it keeps failing; a worker silent past its deadline gets health 0 and
// makes check() say so, after which the watchdog pings must end. All calls from the main thread.
class Supervisor {
 public:
  Supervisor(const Clock& clock, telemetry::Metrics& metrics);
  ~Supervisor();

  void start(WorkerSpec spec);
  // Asks it to end, so that several end at once; nothing when there is none of that name.
  void request_stop(const std::string& id);
  // Stops one worker and forgets it. False when it did not return within `limit`: it is then given up,
  // what it uses must stay alive, and check() and stop() say no until it has ended after all.
  bool retire(const std::string& id, std::chrono::milliseconds limit);
  // Given up by retire(), and still running.
  bool is_abandoned(const std::string& id);

  // True while no worker is silent past its deadline or was given up. Call about once a second.
  bool check();

  // Stops stage by stage, all within `limit`. False when a worker had to be given up: the process
  // must then end by _exit.
  bool stop(std::chrono::milliseconds limit);

  std::vector<std::string> silent() const;
  std::size_t restarts() const noexcept { return restarts_; }

 private:
  struct Entry;
  void launch(Entry& entry);
  Worker::Body with_urgency(const WorkerSpec& spec);
  void note_ended(Entry& entry);
  void forget_ended();
  bool join_until(Entry& entry, MonotonicTime deadline);

  const Clock& clock_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger log_{"doorbell.supervisor", telemetry::Component::system};
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::vector<std::unique_ptr<Entry>> abandoned_;
  std::size_t restarts_ = 0;
  std::atomic_flag refusal_said_;  // any worker
};

}  // namespace porchlight::pipeline
