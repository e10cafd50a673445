// SPDX-License-Identifier: Apache-2.0
#include "pipeline/storm.hpp"

#include <unistd.h>

#include <fstream>
#include <random>
#include <set>

#include "base/temporary_folder.hpp"
#include "pipeline/store_house.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using notify::Delivery;

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// The other side of one channel.
struct Receiver {
  notify::Script script;
  std::set<event::EventId> arrived;
  std::uint64_t duplicates = 0;
  std::uint64_t attempts = 0;

  void fail_at_random(double share, std::uint32_t seed) {
    script.answer = [this, share, random = std::mt19937(seed)](const notify::Message& message) mutable {
      script.seen.clear();  // the count is enough
      ++attempts;
      const auto draw = std::uniform_real_distribution<double>(0, 1)(random);
      if (draw < share / 2) return Delivery::retry(ErrorCode::unavailable, "503 busy");
      if (!arrived.insert(message.row.key.event_id).second) ++duplicates;
      if (draw < share) return Delivery::retry(ErrorCode::network, "connection reset");
      return Delivery::delivered();
    };
  }
};

std::uint64_t undelivered(const std::filesystem::path& folder, std::uint64_t messages) {
  const auto database = store::Database::open(folder / "porchlight.db", {}, nullptr);
  if (!database) return messages;
  const auto rows =
      store::Outbox(**database)
          .list({.state = store::OutboxFilter::State::all, .limit = static_cast<std::size_t>(messages) + 1});
  if (!rows) return messages;
  std::uint64_t delivered = 0;
  for (const auto& row : *rows) delivered += row.state == store::DeliveryState::delivered ? 1U : 0U;
  return messages - delivered;
}

}  // namespace

StormReport run_storm(const StormOptions& options) {
  const auto begun = std::chrono::steady_clock::now();
  const TemporaryFolder folder;
  SimulatedClock clock;
  telemetry::ClosedSets sets;
  sets.channel_types = {"webhook"};
  telemetry::Metrics metrics{sets};
  std::vector<Receiver> receivers(options.channels);
  StormReport report;
  report.messages = options.rings * options.channels;
  {
    StoreHouse house(folder.path(), clock, metrics);
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      receivers[i].fail_at_random(options.failing, options.seed + static_cast<std::uint32_t>(i));
      house.add_channel("hook" + std::to_string(i), receivers[i].script);
    }
    house.start_channels();
    const auto first = clock.now();
    const auto tenth = std::max<std::size_t>(1, options.rings / 10);
    for (std::size_t n = 0; n < options.rings; ++n) {
      clock.advance(options.between_rings);
      const event::Ring ring{event::make_header(clock), "front", "porch", event::TriggerSource::test};
      std::vector<store::OutboxRow> rows;
      for (std::size_t i = 0; i < receivers.size(); ++i)
        rows.push_back(row_of(ring, "hook" + std::to_string(i), 0, clock));
      house.send(ring, rows);
      (void)house.turn();
      if ((n + 1) % tenth == 0) report.resident_mib.push_back(resident_mib());
    }
    const auto arrived = [&] {
      std::uint64_t sum = 0;
      for (const auto& receiver : receivers) sum += receiver.arrived.size();
      return sum;
    };
    // A day is the messages' whole lifetime.
    for (int minutes = 0; minutes < 24 * 60; ++minutes) {
      house.pass(1min);
      for (std::size_t i = 0; i < receivers.size(); ++i)
        report.open_seconds += house.lane("hook" + std::to_string(i)).open() ? 60U : 0U;
      if (arrived() == report.messages && undelivered(folder.path(), report.messages) == 0) break;
    }
    report.simulated = std::chrono::duration_cast<std::chrono::seconds>(clock.now() - first);
    report.resident_mib.push_back(resident_mib());
    for (const auto& receiver : receivers) {
      report.attempts += receiver.attempts;
      report.duplicates += receiver.duplicates;
    }
    report.lost = report.messages - arrived();
  }
  report.unsettled = undelivered(folder.path(), report.messages);
  report.real_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return report;
}

}  // namespace porchlight::pipeline
