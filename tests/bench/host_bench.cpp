// SPDX-License-Identifier: Apache-2.0
// One sample of the machine and its way into the metrics: processor time of the calling thread.
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <filesystem>

#include "bench/bench.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/host/sampler.hpp"

namespace porchlight::bench {
namespace {

using namespace std::chrono_literals;
constexpr int samples = 600;  // fifty minutes of a daemon

double thread_milliseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

void run() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"a", "b", "c", "d"};
  telemetry::Metrics metrics(sets);
  const UniqueFd listener(
      ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // else no connection is looked for
  ::listen(listener.get(), 8);
  host::Sampler sampler({std::filesystem::temp_directory_path(), "/"});
  std::vector<host::WorkerFigures> workers;
  for (const auto& id : sets.camera_ids) workers.push_back({id, 1s, 1'000'000, 1s});
  std::vector<double> each;
  std::vector<double> minutes;  // those that walk the kernel's table of connections
  double all = 0;
  for (int i = 0; i < samples; ++i) {
    const auto begun = thread_milliseconds();
    metrics.publish(sampler.sample(MonotonicTime{} + 1h + i * 5s, workers));
    const auto took = thread_milliseconds() - begun;
    (i % 12 == 0 ? minutes : each).push_back(took);
    all += took;
  }
  report("a sample", "ms", each);
  report("the one of each minute", "ms", minutes);
  judge("processor time per sample, all of them", all / samples, 2, "ms");
}

}  // namespace
}  // namespace porchlight::bench

int main() {
  porchlight::bench::run();
}
