// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "notify/scripted_channel.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {

using namespace std::chrono_literals;
using store::DeliveryState;

inline Delivery unreachable() {
  return Delivery::retry(ErrorCode::network, "no route");
}

inline telemetry::ClosedSets closed_sets() {
  telemetry::ClosedSets sets;
  sets.channel_types = {"webhook"};
  return sets;
}

// A lane whose other side is a script, in simulated time: nothing here waits.
struct LaneFixture : testing::Test {
  SimulatedClock clock;
  telemetry::Metrics metrics{closed_sets()};
  LaneOptions options;
  Script script;
  std::string fingerprint = "hook";  // of what make() makes
  std::vector<Outcome> outcomes;
  int reloads = 0;
  std::unique_ptr<ChannelLane> lane;
  std::stop_source stop;

  std::unique_ptr<ChannelLane> make() {
    auto channel = scripted("hook", script);
    channel.fingerprint = fingerprint;
    auto made = ChannelLane::create(channel, options, clock, metrics,
                                    {[this](const Outcome& outcome) {
                                       outcomes.push_back(outcome);
                                       return true;
                                     },
                                     [this] {
                                       ++reloads;
                                       return true;
                                     }});
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
  void SetUp() override { lane = make(); }

  // Lets `time` pass, as run() would.
  void pass(std::chrono::nanoseconds time) {
    const auto end = clock.now() + time;
    for (;;) {
      auto idle = lane->turn(stop.get_token());
      if (!idle) continue;
      const auto left = end - clock.now();
      if (*idle >= left) {
        clock.advance(left);
        while (!lane->turn(stop.get_token())) continue;
        return;
      }
      clock.advance(std::max<std::chrono::nanoseconds>(*idle, 1ns));
    }
  }

  Message message(const event::EventId& id, std::uint32_t sequence = 0) {
    Message out;
    out.row.key = {id, "hook", sequence};
    out.row.type = sequence == 0 ? "ring" : "ring_update";
    out.row.label = sequence == 0 ? "doorbell_press" : "";
    out.row.payload = "{}";
    out.row.happened = out.row.created = out.row.next_attempt = clock.wall();
    out.row.expires = clock.wall() + 1h;
    return out;
  }
  Message escalation(const event::EventId& id, std::chrono::nanoseconds after) {
    auto out = message(id, store::first_escalation);
    out.row.payload = R"({"escalation":true})";
    out.row.label = "doorbell_press";
    out.row.next_attempt += std::chrono::duration_cast<WallTime::duration>(after);
    return out;
  }
  event::EventId new_id() {
    clock.advance(1ms);
    return event::EventId::generate(clock.wall());
  }
  event::EventId ring() {
    const auto id = new_id();
    EXPECT_TRUE(lane->push(message(id)));
    return id;
  }
  std::vector<Outcome> settled() const {
    std::vector<Outcome> list;
    for (const auto& outcome : outcomes)
      if (outcome.state != DeliveryState::pending) list.push_back(outcome);
    return list;
  }
  double metric(const std::string& series) {
    const auto text = "\n" + metrics.exposition();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
};

}  // namespace porchlight::notify
