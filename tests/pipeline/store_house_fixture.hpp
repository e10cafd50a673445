// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "base/temporary_folder.hpp"
#include "pipeline/store_house.hpp"

namespace porchlight::pipeline {

// A house with one channel "hook", over a folder that outlives each restart.
struct StoreHouseTest : testing::Test {
  TemporaryFolder folder;
  SimulatedClock clock;
  telemetry::Metrics metrics{sets()};
  notify::Script hook;
  notify::LaneOptions lane;
  std::unique_ptr<StoreHouse> house;

  static telemetry::ClosedSets sets() {
    telemetry::ClosedSets closed;
    closed.channel_types = {"webhook"};
    return closed;
  }
  // What the process before knew is gone; what it stored is not.
  void restart() {
    house.reset();
    house = std::make_unique<StoreHouse>(folder.path(), clock, metrics);
    house->add_channel("hook", hook, lane);
    house->start_channels();
  }
  // Of an event that is later than all before.
  event::Header header() {
    clock.advance(std::chrono::milliseconds(1));
    return event::make_header(clock);
  }
  event::Ring new_ring() { return {header(), "front", "porch", event::TriggerSource::test}; }
};

}  // namespace porchlight::pipeline
