// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// What one camera's workers have used, as pipeline counts it.
struct WorkerFigures {
  std::string camera_id;
  std::chrono::nanoseconds cpu{};                  // since they were made
  std::uint64_t memory_bytes = 0;                  // packets that wait, pictures in use
  std::optional<std::chrono::nanoseconds> uptime;  // nothing: one of them does not run
  std::optional<int> program{};                    // process that they run, the leader of its group
};

struct SamplerOptions {
  std::filesystem::path folder;      // storage.path
  std::filesystem::path root = "/";  // where proc/ and sys/ lie, and what is mounted; another one in tests
  std::filesystem::path recordings{};  // storage.recordings; may be empty
};

// Reads what the machine, the daemon's control group and the cameras' workers use: the families of the
// catalogue that are `sampled`. What cannot be read, or makes no sense, has no sample; nothing the kernel
// may say is an error. Percentages are those since the sample before, so the first one has none. At most
// eight interfaces, devices and sensors are shown, those that come first. Thread-bound.
class Sampler {
 public:
  explicit Sampler(SamplerOptions options);
  ~Sampler();

  telemetry::Samples sample(MonotonicTime now, const std::vector<WorkerFigures>& workers);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::host
