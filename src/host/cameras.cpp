// SPDX-License-Identifier: Apache-2.0
#include "host/cameras.hpp"

namespace porchlight::host {
namespace {

using Seconds = std::chrono::duration<double>;

// What was made anew began with nothing.
Seconds since(std::chrono::nanoseconds before, std::chrono::nanoseconds now) {
  return now < before ? now : now - before;
}

}  // namespace

double Cameras::used_seconds(const Seen& before, const Seen& now) {
  const auto program_before = before.program == now.program ? before.use.cpu : std::chrono::nanoseconds{};
  return (since(before.cpu, now.cpu) + since(program_before, now.use.cpu)).count();
}

void Cameras::sample(MonotonicTime now, const std::filesystem::path& root,
                     const std::vector<WorkerFigures>& workers, telemetry::Samples& samples) {
  std::map<std::string, Seen> all;
  for (const auto& worker : workers) {
    const telemetry::Labels labels{{"camera_id", worker.camera_id}};
    Seen seen{worker.cpu, worker.program, {}, now};
    if (worker.program) seen.use = program_use(root, *worker.program).value_or(ProgramUse{});
    const auto before = before_.find(worker.camera_id);
    if (before != before_.end() && now > before->second.at)
      samples.push_back(
          {"ffmpeg_process_cpu_percent", labels,
           100 * used_seconds(before->second, seen) / Seconds(now - before->second.at).count()});
    samples.push_back({"ffmpeg_process_memory_mb", labels,
                       static_cast<double>(worker.memory_bytes + seen.use.memory_bytes) / 1'000'000});
    if (worker.uptime)
      samples.push_back({"ffmpeg_process_uptime_seconds", labels, Seconds(*worker.uptime).count()});
    all[worker.camera_id] = seen;
  }
  before_ = std::move(all);
}

}  // namespace porchlight::host
