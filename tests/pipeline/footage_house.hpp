// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/footage_lane.hpp"
#include "record/footage_disk.hpp"

namespace porchlight::pipeline {

// A clock whose wall can be set.
class SetClock final : public Clock {
 public:
  MonotonicTime now() const override { return MonotonicTime{std::chrono::milliseconds(now_ms_.load())}; }
  WallTime wall() const override { return WallTime{std::chrono::milliseconds(zero_ms_ + now_ms_.load())}; }
  bool sleep_for(std::chrono::nanoseconds, std::stop_token) override { return true; }
  void advance(std::chrono::milliseconds by) { now_ms_ += by.count(); }
  void set_zero(WallTime zero) {
    zero_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(zero.time_since_epoch()).count();
  }

 private:
  std::atomic<std::int64_t> now_ms_{1'000'000};
  std::atomic<std::int64_t> zero_ms_{1'764'000'000'000};
};

// The real footage lane on its thread, over folders that outlive it, with a machine whose clock and boot are
// the test's.
struct FootageHouse {
  FootageHouse(const std::filesystem::path& storage, SetClock& time, telemetry::Metrics& instruments,
               std::vector<FootagePlan::Camera> cameras = {{"front"}})
      : folder(storage), clock(time), metrics(instruments) {
    plan.recording.folder = folder / "recordings";
    plan.recording.reserve = record::Share{1, 0};  // however full the machine is
    plan.cameras = std::move(cameras);
  }
  ~FootageHouse() { stop(); }
  FootageHouse(const FootageHouse&) = delete;
  FootageHouse& operator=(const FootageHouse&) = delete;

  void start() {
    FootageLane::Ports ports;
    ports.clock_is_synchronised = [this] { return synchronised.load(); };
    ports.trouble = [this](const VolumeTrouble& trouble) {
      const std::lock_guard lock(mutex);
      troubles.push_back(trouble.fault);
    };
    lane = std::make_unique<FootageLane>(FootageLane::Options{folder, boot_id, has_chip},
                                         std::make_shared<const FootagePlan>(plan), clock, metrics,
                                         std::move(*Wakeup::create()), std::move(ports));
    thread = std::jthread([this](std::stop_token token) { lane->run(token, heartbeat); });
  }
  void stop() {
    if (!thread.joinable()) return;
    thread.request_stop();
    thread.join();
    lane.reset();
  }
  // The lane has taken what it was told so far, and turned once more.
  void settle() {
    for (int i = 0; i < 2; ++i) barrier();
  }
  void barrier() {
    std::promise<void> done;
    ASSERT_TRUE(lane->queue().push(ProtectSegments{{}, true, [&](const Status&) { done.set_value(); }}));
    done.get_future().get();
  }
  void pass(std::chrono::milliseconds time) {
    clock.advance(time);
    settle();
  }
  // Until a condition holds; a turn of the lane may wait for the disk.
  template <class Condition>
  bool until(Condition holds, std::chrono::milliseconds step = std::chrono::milliseconds(0)) {
    for (int i = 0; i < 200; ++i) {
      if (holds()) return true;
      pass(step);
    }
    return holds();
  }
  // The volume is there before the turn that found it is over: a lane that is ready rests.
  bool is_ready() {
    if (!until([this] { return lane->volume().ok(); })) return false;
    settle();
    return true;
  }

  // A second connection, as a reader of the house has it.
  template <class Ask>
  auto ask(Ask question) {
    store::DatabaseOptions options;
    options.mode = store::OpenMode::read_only;
    auto database = store::SegmentIndex::open(folder / "footage.db", options, nullptr);
    // The lane may be making it.
    for (int i = 0; i < 500 && !database; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      database = store::SegmentIndex::open(folder / "footage.db", options, nullptr);
    }
    EXPECT_TRUE(database) << database.error().text();
    store::SegmentIndex index(**database);
    return question(index);
  }
  std::vector<store::Segment> segments() {
    return ask(
        [](store::SegmentIndex& index) { return *index.segments({.limit = 1000, .oldest_first = true}); });
  }
  std::vector<store::Gap> gaps() {
    return ask([](store::SegmentIndex& index) { return *index.gaps({.limit = 1000, .oldest_first = true}); });
  }
  std::vector<VolumeFault> told() {
    const std::lock_guard lock(mutex);
    return troubles;
  }

  // What the last run left, written by hand.
  template <class Write>
  void prepare(Write write) {
    auto database = store::SegmentIndex::open(folder / "footage.db", {}, nullptr);
    ASSERT_TRUE(database) << database.error().text();
    store::SegmentIndex index(**database);
    write(index);
  }

  const std::filesystem::path folder;
  SetClock& clock;
  telemetry::Metrics& metrics;
  FootagePlan plan;
  std::string boot_id = "now";
  bool has_chip = false;
  std::atomic<bool> synchronised{true};
  std::mutex mutex;
  std::vector<VolumeFault> troubles;
  Heartbeat heartbeat{clock};
  std::unique_ptr<FootageLane> lane;
  std::jthread thread;
};

}  // namespace porchlight::pipeline
