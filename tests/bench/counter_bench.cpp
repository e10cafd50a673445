// SPDX-License-Identifier: Apache-2.0
// One increment of a metric through its cached handle, against a bare atomic.
#include <atomic>

#include "bench/bench.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::bench {
namespace {

constexpr int increments = 2'000'000;
constexpr int runs = 21;

template <class Increment>
std::vector<double> time_per_call(Increment increment) {
  std::vector<double> samples;
  for (int run = 0; run < runs; ++run) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < increments; ++i) increment();
    samples.push_back(Nanoseconds(std::chrono::steady_clock::now() - begun).count() / increments);
  }
  return samples;
}

void run() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"front"};
  telemetry::Metrics metrics(sets);
  auto counter = metrics.counter("camera_frames_received_total", {{"camera_id", "front"}});
  std::atomic<std::uint64_t> whole{0};
  std::atomic<double> real{0};
  const auto cached = report("counter through its handle", "ns", time_per_call([&] { counter.increment(); }));
  report("bare atomic<uint64_t>::fetch_add", "ns",
         time_per_call([&] { whole.fetch_add(1, std::memory_order_relaxed); }));
  report("bare atomic<double>::fetch_add", "ns",
         time_per_call([&] { real.fetch_add(1, std::memory_order_relaxed); }));
  judge("counter p50", cached, 15, "ns");
}

}  // namespace
}  // namespace porchlight::bench

int main() {
  porchlight::bench::run();
}
