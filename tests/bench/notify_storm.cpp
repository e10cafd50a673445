// SPDX-License-Identifier: Apache-2.0
// Ten thousand rings against channels of which three in ten attempts fail: what is lost, what arrives twice,
// and what it costs in memory. Fails when anything is lost or the memory grows with the number of rings.
// Then what a channel that is dead and full costs the one beside it.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "notify/scripted_channel.hpp"
#include "pipeline/storm.hpp"

namespace {

using namespace porchlight;

constexpr double most_delay_ms = 5;

notify::Message message_to(const notify::ChannelLane& lane, const Clock& clock) {
  notify::Message message;
  message.row.key = {event::EventId::generate(clock.wall()), lane.channel_id(), 0};
  message.row.payload = "{}";
  message.row.happened = message.row.created = message.row.next_attempt = clock.wall();
  message.row.expires = clock.wall() + std::chrono::hours(1);
  message.edge = clock.now();
  return message;
}

// Milliseconds from push to delivery on a lane whose neighbour works, or is dead with all its queues full.
std::vector<double> beside(bool dead) {
  SystemClock clock;
  telemetry::ClosedSets sets;
  sets.channel_types = {"webhook"};
  telemetry::Metrics metrics{sets};
  Heartbeat heartbeat{clock};
  notify::Script neighbour;
  notify::Script measured;
  std::vector<double> times;
  std::atomic<std::size_t> delivered{0};
  neighbour.answer = [dead](const notify::Message&) {
    return dead ? notify::Delivery::retry(ErrorCode::network, "no route") : notify::Delivery::delivered();
  };
  measured.answer = [&](const notify::Message& message) {
    times.push_back(std::chrono::duration<double, std::milli>(clock.now() - *message.edge).count());
    delivered.fetch_add(1);
    return notify::Delivery::delivered();
  };
  const notify::ChannelLane::Ports ports{[](const notify::Outcome&) { return true; }, [] { return true; }};
  const auto one =
      std::move(*notify::ChannelLane::create(notify::scripted("one", neighbour), {}, clock, metrics, ports));
  const auto two =
      std::move(*notify::ChannelLane::create(notify::scripted("two", measured), {}, clock, metrics, ports));
  std::jthread first([&](std::stop_token stop) { one->run(stop, heartbeat); });
  std::jthread second([&](std::stop_token stop) { two->run(stop, heartbeat); });
  for (std::size_t n = 0; n < 1000; ++n) {
    (void)one->push(message_to(*one, clock));
    (void)two->push(message_to(*two, clock));
    while (delivered.load() <= n) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  first.request_stop();
  second.request_stop();
  second.join();
  std::sort(times.begin(), times.end());
  return times;
}

bool neighbours_are_not_delayed() {
  const auto alive = beside(false);
  const auto dead = beside(true);
  const auto at = [](const std::vector<double>& times, double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf(
      "push to delivery on a lane: p50 %.3f ms, p99 %.3f ms; beside a dead one: p50 %.3f ms, p99 %.3f ms\n",
      at(alive, 0.5), at(alive, 0.99), at(dead, 0.5), at(dead, 0.99));
  bool good = true;
  for (const double share : {0.5, 0.99}) {
    const auto delay = at(dead, share) - at(alive, share);
    std::printf("  a dead channel delays another by %.3f ms in the p%.0f (bound: %.0f ms)\n", delay,
                share * 100, most_delay_ms);
    good = good && delay <= most_delay_ms;
  }
  if (!good) std::printf("FAILED: a dead channel delays another by more than %.0f ms\n", most_delay_ms);
  return good;
}

// Between the first tenth, when all rings of a lane have been full once, and the end.
constexpr double most_growth_mib = 24;

}  // namespace

int main(int argc, char** argv) {
  porchlight::pipeline::StormOptions options;
  if (argc > 1) options.rings = static_cast<std::size_t>(std::atol(argv[1]));
  const auto report = porchlight::pipeline::run_storm(options);
  const auto first = report.resident_mib.front();
  const auto most = *std::max_element(report.resident_mib.begin(), report.resident_mib.end());
  std::printf("storm: %zu rings to %zu channels, %.0f %% of the attempts fail, half of those after arrival\n",
              options.rings, options.channels, options.failing * 100);
  std::printf("  messages %llu, attempts %llu, lost %llu, not settled %llu\n",
              static_cast<unsigned long long>(report.messages),
              static_cast<unsigned long long>(report.attempts), static_cast<unsigned long long>(report.lost),
              static_cast<unsigned long long>(report.unsettled));
  std::printf("  raw duplicates %llu (%.2f %% of the messages), each under the id of the first\n",
              static_cast<unsigned long long>(report.duplicates),
              100.0 * static_cast<double>(report.duplicates) / static_cast<double>(report.messages));
  std::printf("  simulated %lld s, of which channels were left alone about %llu s; real %.1f s\n",
              static_cast<long long>(report.simulated.count()),
              static_cast<unsigned long long>(report.open_seconds), report.real_seconds);
  std::printf("  resident MiB after each tenth:");
  for (const auto mib : report.resident_mib) std::printf(" %.1f", mib);
  std::printf("\n");
  const bool good = report.lost == 0 && report.unsettled == 0 && most - first <= most_growth_mib;
  const bool apart = neighbours_are_not_delayed();
  if (!good)
    std::printf("FAILED: something was lost, or memory grew by more than %.0f MiB\n", most_growth_mib);
  return good && apart ? EXIT_SUCCESS : EXIT_FAILURE;
}
