// SPDX-License-Identifier: Apache-2.0
#include "app/deep_checks.hpp"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "porchlight/maintain/checks.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/observe/memory_trend.hpp"
#include "porchlight/observe/time_check.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using observe::Finding;
using telemetry::Fields;

constexpr auto lock_patience = 2s;       // of the database's probe
constexpr auto cache_patience = 4500ms;  // for the accounts' thread, which may be at a password
constexpr auto vision_patience = 25s;    // it may be looking at a photograph, and a ring goes first
constexpr auto path_patience = 10s;      // for the event and the store lane
constexpr auto networks_limit = 5s;      // of all networks together; a ring is answered within 10 s
constexpr auto channels_limit = 30s;     // then no further channel is asked

void add(std::string& list, const std::string& text) {
  list += (list.empty() ? "" : "; ") + text;
}

// Never empty: that would be a check that passed.
std::string fault_of(const Error& error) {
  return error.text().empty() ? std::string(to_string(error.code())) : error.text();
}

std::string fault_of(const Status& status) {
  return status ? std::string() : fault_of(status.error());
}

std::int64_t number(std::size_t count) {
  return static_cast<std::int64_t>(count);
}

// A connection of its own: what it proves is that another one can write, beside the store lane.
class DatabaseProbe {
 public:
  explicit DatabaseProbe(const DeepHouse& house) : house_(house), file_(house.folder / "porchlight.db") {}

  Finding look() {
    // Its folder, its file and its schema are the store lane's to make.
    if (!database_ && !house_.health.database_connected) return {.fault = "the event log is not open"};
    const auto status = write();
    if (!status && status.error().code() != ErrorCode::unavailable) database_.reset();
    Finding finding{.fault = fault_of(status)};
    if (const auto bytes = store::bytes_on_disk(file_))
      finding.detail.push_back({"bytes", static_cast<std::int64_t>(*bytes)});
    return finding;
  }

 private:
  Status write() {
    if (!database_) {
      auto opened = store::Database::open(file_, {.busy_timeout = lock_patience}, &house_.metrics);
      if (!opened) return std::move(opened).error();
      database_ = std::move(*opened);
    }
    if (auto status = database_->ping(); !status) return status;
    return database_->prove_write();
  }

  const DeepHouse house_;
  const std::filesystem::path file_;
  std::unique_ptr<store::Database> database_;
};

// What another thread says, or nothing where it says nothing in time. It may still say it later.
template <class Answer, class Ask>
std::optional<Answer> ask_and_wait(Ask&& ask, std::chrono::nanoseconds patience,
                                   const std::stop_token& stop) {
  struct Place {
    std::atomic<bool> filled{false};
    std::optional<Answer> answer;  // written before `filled` is released
  };
  const auto place = std::make_shared<Place>();
  ask([place](Answer answer) {
    place->answer = std::move(answer);
    place->filled.store(true, std::memory_order_release);
  });
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!place->filled.load(std::memory_order_acquire)) {
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(1ms);
  }
  return std::move(place->answer);
}

Finding look_at_caches(api::Accounts& accounts, const std::stop_token& stop) {
  const auto status = ask_and_wait<Status>([&accounts](auto done) { accounts.prove_caches(std::move(done)); },
                                           cache_patience, stop);
  if (!status) return {.fault = "the accounts' thread did not answer in time"};
  return {.fault = fault_of(*status)};
}

std::string_view time_of(std::string_view network) {
  if (network == "detector") return "detector_ms";
  if (network == "landmarks") return "landmarks_ms";
  return network == "embedder" ? "embedder_ms" : "second_embedder_ms";
}

Finding judge(const pipeline::Validated& networks) {
  Finding finding{.detail = {{"enabled", true}, {"loaded", !networks.empty()}}};
  std::chrono::nanoseconds all{0};
  for (const auto& one : networks) {
    all += one.took;
    finding.detail.push_back(
        {time_of(one.network), std::chrono::duration<double, std::milli>(one.took).count()});
  }
  if (all > networks_limit) finding.fault = "the networks are too slow to tell in time who rings";
  return finding;
}

Finding look_at_models(pipeline::Pipeline& pipeline, const telemetry::Health& health,
                       const std::stop_token& stop) {
  if (!pipeline.looks_for_faces()) return {.detail = {{"enabled", false}}};
  // Where they cannot be used the vision lane has said why.
  if (!health.model_loaded) return {.fault = "the face models are not there, or cannot be used"};
  const auto validated = ask_and_wait<Result<pipeline::Validated>>(
      [&pipeline](auto answer) { pipeline.validate_models(std::move(answer)); }, vision_patience, stop);
  if (!validated) return {.fault = "the vision worker did not answer in time"};
  if (!*validated) return {.fault = fault_of(validated->error())};
  return judge(**validated);
}

Finding look_at_path(pipeline::Pipeline& pipeline, const std::stop_token& stop) {
  const auto proof = ask_and_wait<Result<pipeline::PathProof>>(
      [&pipeline](auto answer) { pipeline.prove_path(std::move(answer)); }, path_patience, stop);
  if (!proof) return {.fault = "the event or the store worker did not answer in time"};
  if (!*proof) return {.fault = fault_of(proof->error())};
  return {.detail = {{"pictures", number((*proof)->pictures)},
                     {"recorded", (*proof)->recorded},
                     {"suppressed", number((*proof)->suppressed)}}};
}

Finding look_at_storage(pipeline::Pipeline& pipeline) {
  const auto volume = pipeline.recordings();
  if (!volume && volume.error().text().empty())
    return {.fault = "the recordings are still being looked through"};
  if (!volume) return {.fault = fault_of(volume.error())};
  if (!*volume) return {.detail = {{"recorded", false}}};
  Finding finding{.detail = {{"recorded", true}}};
  if (const auto space = (*volume)->space()) {
    finding.detail.push_back({"free_bytes", static_cast<std::int64_t>(space->free)});
    finding.detail.push_back({"total_bytes", static_cast<std::int64_t>(space->total)});
  }
  finding.fault = fault_of((*volume)->prove());
  return finding;
}

std::optional<double> resident_bytes() {
  std::ifstream file("/proc/self/statm");  // proc(5): size and resident, in pages
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) return std::nullopt;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

Finding look_at_memory(const observe::MemoryTrend& trend) {
  const auto resident = resident_bytes();
  if (!resident) return {.fault = "read /proc/self/statm: it has no size"};
  const auto heap = ::mallinfo2();
  auto finding = observe::judge(trend);
  finding.detail.push_back({"resident_bytes", static_cast<std::int64_t>(*resident)});
  finding.detail.push_back({"heap_used_bytes", number(heap.uordblks + heap.hblkhd)});
  finding.detail.push_back({"heap_free_bytes", number(heap.fordblks)});
  return finding;
}

Finding look_at_cameras(pipeline::Pipeline& pipeline) {
  std::size_t well = 0;
  std::string fault;
  const auto cameras = pipeline.watched_cameras();
  for (const auto& camera : cameras) {
    if (camera.well)
      ++well;
    else
      add(fault, "camera '" + camera.id + "' is " + camera.state);
  }
  return {.detail = {{"cameras", number(cameras.size())}, {"connected", number(well)}}, .fault = fault};
}

// Each is reached anew, as the doctor does: what is kept open may have been cut off unnoticed.
Finding look_at_channels(pipeline::Pipeline& pipeline, const Clock& clock, const std::stop_token& stop) {
  std::size_t reached = 0;
  std::size_t unasked = 0;
  std::string fault;
  const auto channels = pipeline.channels();
  const auto enough = clock.now() + channels_limit;
  for (const auto& channel : channels) {
    if (stop.stop_requested() || clock.now() >= enough) {
      ++unasked;
      continue;
    }
    auto made = channel.make(clock);
    auto status = made ? (*made)->reach(stop) : Status(std::move(made).error());
    if (status)
      ++reached;
    else
      add(fault, "channel '" + channel.id + "': " + fault_of(status));
  }
  Finding finding{.detail = {{"channels", number(channels.size())}, {"reached", number(reached)}},
                  .fault = std::move(fault)};
  if (unasked > 0) finding.detail.push_back({"not_asked", number(unasked)});
  return finding;
}

Finding look_at_clock(const Clock& clock) {
  const auto facts = observe::read_time_facts(clock);
  Finding finding{.fault = observe::time_fault(facts)};
  if (facts.kernel) finding.detail.push_back({"kernel_synchronised", *facts.kernel});
  if (facts.service_set) finding.detail.push_back({"service_set", rfc3339(*facts.service_set)});
  for (const auto& found : maintain::check_clock().all())
    if (found.verdict == maintain::Verdict::bad) add(finding.fault, found.found);
  return finding;
}

api::DeepHealthReport body_of(const observe::DeepReport& report) {
  return {report.condition == observe::Condition::unhealthy, observe::json_of(report)};
}

observe::Probes probes_of(const DeepHouse& house, const std::shared_ptr<observe::MemoryTrends>& trends) {
  auto& pipeline = house.pipeline;
  auto& accounts = house.accounts;
  const auto& clock = house.clock;
  using Stop = std::stop_token;
  return {
      {"database", [probe = std::make_shared<DatabaseProbe>(house)](const Stop&) { return probe->look(); }},
      {"cache", [&accounts](const Stop& stop) { return look_at_caches(accounts, stop); }},
      {"storage", [&pipeline](const Stop&) { return look_at_storage(pipeline); }},
      {"model", [&pipeline, &health = house.health](
                    const Stop& stop) { return look_at_models(pipeline, health, stop); }},
      {"memory", [trends](const Stop&) { return look_at_memory(trends->current()); }},
      // The networks run on the processor, and nothing else asks for an accelerator.
      {"gpu",
       [](const Stop&) {
         return Finding{.detail = {{"state", std::string("not_present")}}};
       }},
      {"cameras", [&pipeline](const Stop&) { return look_at_cameras(pipeline); }},
      {"pipeline", [&pipeline](const Stop& stop) { return look_at_path(pipeline, stop); }},
      {"notifications",
       [&pipeline, &clock](const Stop& stop) { return look_at_channels(pipeline, clock, stop); }},
      {"audit", audit_probe(house.folder, clock, house.metrics)},
      {"time", [&clock](const Stop&) { return look_at_clock(clock); }},
  };
}

}  // namespace

std::shared_ptr<observe::DeepHealth> make_deep_health(const DeepHouse& house) {
  const auto trends = std::make_shared<observe::MemoryTrends>();
  auto deep = std::make_shared<observe::DeepHealth>(probes_of(house, trends), house.clock, house.metrics);
  auto& executor = house.pipeline.health();
  executor.set_tick([trends, deep, &executor, &house_metrics = house.metrics, &clock = house.clock] {
    const bool with_models = house_metrics.sum("ml_model_info").value > 0;
    if (const auto bytes = resident_bytes()) trends->add(clock.now(), with_models, *bytes);
    deep->tick(executor.stop_token());
    return true;
  });
  return deep;
}

void ask_deep_health(pipeline::Executor& executor, const std::shared_ptr<observe::DeepHealth>& deep,
                     api::Answer<api::DeepHealthReport> answer) {
  // Who asks while a check hangs would wait in vain.
  if (const auto report = deep->overdue_report()) return answer(body_of(*report));
  auto refused = answer;
  const bool taken = executor.quick([&executor, deep, answer = std::move(answer)] {
    const auto report = deep->report(executor.stop_token());
    if (!report) return answer(Error(ErrorCode::cancelled, "the daemon is stopping"));
    answer(body_of(*report));
  });
  if (!taken) refused(Error(ErrorCode::resource, "too many are asking at this moment"));
}

}  // namespace porchlight::app
