// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/program.hpp"
#include "porchlight/host/sampler.hpp"

namespace porchlight::host {

// What each camera's workers use, and the program that one of them may run.
class Cameras {
 public:
  void sample(MonotonicTime now, const std::filesystem::path& root, const std::vector<WorkerFigures>& workers,
              telemetry::Samples& samples);

 private:
  struct Seen {
    std::chrono::nanoseconds cpu{};
    std::optional<int> program;
    ProgramUse use;
    MonotonicTime at{};
  };
  static double used_seconds(const Seen& before, const Seen& now);

  std::map<std::string, Seen> before_;
};

}  // namespace porchlight::host
