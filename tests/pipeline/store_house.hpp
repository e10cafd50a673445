// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "notify/scripted_channel.hpp"
#include "pipeline/store_lane.hpp"

namespace porchlight::pipeline {

// The real store lane on its thread, over a folder that outlives it, and channel lanes that the test's own
// thread turns, in simulated time.
class StoreHouse {
 public:
  StoreHouse(const std::filesystem::path& folder, SimulatedClock& clock, telemetry::Metrics& metrics)
      : clock_(clock), metrics_(metrics), health_(clock) {
    auto wakeup = Wakeup::create();
    store_ = std::make_unique<StoreLane>(folder, clock, metrics, health_, std::move(*wakeup),
                                         StoreLane::Sinks{[](const People&) {}, [](RecentRings) {},
                                                          [this](event::Event event) {
                                                            const std::lock_guard lock(mutex_);
                                                            alarms_.push_back(std::move(event));
                                                          },
                                                          [] {}});
    thread_ = std::jthread([this](std::stop_token stop) { store_->run(stop, heartbeat_); });
  }
  ~StoreHouse() { stop(); }
  StoreHouse(const StoreHouse&) = delete;
  StoreHouse& operator=(const StoreHouse&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  // Before anything is sent.
  void add_channel(const std::string& id, notify::Script& script, const notify::LaneOptions& options = {}) {
    notify::ChannelLane::Ports ports;
    ports.outcome = [this](const notify::Outcome& outcome) {
      const bool pending = outcome.state == store::DeliveryState::pending;
      return store_->queue().push(SettleMessage{outcome.key, outcome.state, outcome.attempts,
                                                pending ? outcome.next_attempt : outcome.at, outcome.receipt,
                                                outcome.error});
    };
    ports.reload = [this, id] { return store_->queue().push(ReloadChannel{id}); };
    routing_->lanes[id] = std::move(*notify::ChannelLane::create(notify::scripted(id, script), options,
                                                                 clock_, metrics_, std::move(ports)));
    routing_->types[id] = "webhook";
  }
  void start_channels() {
    store_->set_routing(routing_);
    for (const auto& [id, lane] : routing_->lanes) store_->queue().push(ReloadChannel{id});
    settle_down();
  }

  // As the dispatcher does it: the store first, then the lanes.
  void send(const event::Event& event, const std::vector<store::OutboxRow>& rows) {
    while (store_->queue().size() > store_->queue().capacity() / 2) std::this_thread::yield();
    store_->queue().push(CommitEvent{event, rows, {}});
    for (const auto& row : rows)
      (void)lane(row.key.channel_id).push({row, nullptr, event::header_of(event).edge});
  }
  // As a link or an account does. True: it was the first.
  bool acknowledge(const event::EventId& id, const std::string& reply = "") {
    std::promise<Result<store::AnswerOutcome>> answer;
    store_->queue().push(
        AnswerEvent{{id, "anna", reply, clock_.wall()},
                    [&](Result<store::AnswerOutcome> said) { answer.set_value(std::move(said)); }});
    const auto outcome = answer.get_future().get();
    return outcome.ok() && outcome->acknowledged;
  }
  // As an account does it.
  Result<store::RecognitionLabel> label(store::IdentityClaim claim) {
    std::promise<Result<store::RecognitionLabel>> answer;
    store_->queue().push(LabelEvent{
        std::move(claim), [&](Result<store::RecognitionLabel> said) { answer.set_value(std::move(said)); }});
    return answer.get_future().get();
  }
  void recognise_by(const std::string& model) { store_->set_face_model(model); }
  Result<store::Resent> resend(store::OutboxFilter which) {
    std::promise<Result<store::Resent>> answer;
    store_->queue().push(ResendMessages{
        std::move(which), {}, [&](Result<store::Resent> said) { answer.set_value(std::move(said)); }});
    return answer.get_future().get();
  }

  void amend(AmendEvent job) { store_->queue().push(std::move(job)); }
  void take(TakeAlerts job) { store_->queue().push(std::move(job)); }
  // What the store lane gave to the event lane.
  std::vector<event::Event> alarms() {
    const std::lock_guard lock(mutex_);
    return alarms_;
  }

  // The store lane has done everything that it was asked so far.
  void settle_down() {
    std::promise<void> done;
    while (!store_->queue().push(ReadGallery{[&](const Result<std::size_t>&) { done.set_value(); }}))
      std::this_thread::yield();
    done.get_future().get();
  }
  // One round of every lane. How long all of them have nothing to do; nothing: one of them has.
  std::optional<std::chrono::nanoseconds> turn() {
    std::optional<std::chrono::nanoseconds> idle = std::chrono::hours(1);
    for (const auto& [id, lane] : routing_->lanes) {
      const auto its = lane->turn({});
      if (!its)
        idle.reset();
      else if (idle)
        idle = std::min(*idle, *its);
    }
    return idle;
  }
  // Lets `time` pass; what lanes and store owe each other is settled on the way.
  void pass(std::chrono::nanoseconds time) {
    const auto end = clock_.now() + time;
    for (;;) {
      if (!turn()) continue;
      settle_down();
      const auto idle = turn();
      if (!idle) continue;
      const auto left = end - clock_.now();
      if (left <= std::chrono::nanoseconds::zero()) return;
      clock_.advance(std::clamp<std::chrono::nanoseconds>(*idle, std::chrono::nanoseconds(1), left));
    }
  }

  StoreQueue& store() { return store_->queue(); }
  notify::ChannelLane& lane(const std::string& id) { return *routing_->lanes.at(id); }

 private:
  std::mutex mutex_;
  std::vector<event::Event> alarms_;
  SimulatedClock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Health health_;
  Heartbeat heartbeat_{clock_};
  std::unique_ptr<StoreLane> store_;
  std::shared_ptr<Routing> routing_ = std::make_shared<Routing>();
  std::jthread thread_;
};

// As a fault of the database comes and goes, under the daemon's feet.
inline void change_database(const std::filesystem::path& folder, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "porchlight.db").c_str(), &handle), SQLITE_OK);
  sqlite3_busy_timeout(handle, 60'000);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

inline store::OutboxRow row_of(const event::Ring& ring, const std::string& channel, std::uint32_t sequence,
                               const Clock& clock) {
  store::OutboxRow row;
  row.key = {ring.header.id, channel, sequence};
  row.type = sequence == 0 ? "ring" : "ring_update";
  row.label = sequence == 0 ? "doorbell_press" : "";
  row.payload = "{}";
  row.traceparent = ring.header.trace.traceparent();
  row.happened = ring.header.at;
  row.created = row.next_attempt = clock.wall();
  row.expires = clock.wall() + std::chrono::hours(24);
  return row;
}

inline store::OutboxRow escalation_of(const event::Ring& ring, const std::string& channel,
                                      std::chrono::seconds after, const Clock& clock) {
  auto row = row_of(ring, channel, store::first_escalation, clock);
  row.payload = R"({"escalation":true})";
  row.created = row.next_attempt += after;
  return row;
}

}  // namespace porchlight::pipeline
