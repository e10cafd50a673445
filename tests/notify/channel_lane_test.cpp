// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/channel_lane.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "notify/hook.hpp"
#include "notify/webhook.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using testing::HasSubstr;

// The store's side of the lane: takes outcomes, and blocks a test until the next one is there.
class Sink {
 public:
  bool take(const Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    if (refusals_ > 0) {
      --refusals_;
      return false;
    }
    outcomes_.push_back(outcome);
    changed_.notify_all();
    return true;
  }
  Outcome next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !outcomes_.empty(); });
    auto outcome = outcomes_.front();
    outcomes_.pop_front();
    return outcome;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return outcomes_.empty();
  }
  void refuse(int times) {
    const std::lock_guard lock(mutex_);
    refusals_ = times;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Outcome> outcomes_;
  int refusals_ = 0;
};

telemetry::ClosedSets closed_sets() {
  telemetry::ClosedSets sets;
  sets.channel_types = {"webhook"};
  return sets;
}

struct ChannelLaneTest : testing::Test {
  SystemClock clock;
  telemetry::Metrics metrics{closed_sets()};
  Sink sink;
  Heartbeat heartbeat{clock};
  LaneOptions options{.first_backoff = 10ms, .longest_backoff = 20ms};
  std::function<void(const Outcome&)> on_outcome = [](const Outcome&) {};
  std::function<bool()> reload = [] { return true; };
  std::unique_ptr<ChannelLane> lane;
  std::jthread thread;

  void start(const std::string& url, std::chrono::milliseconds timeout = 15s) {
    ChannelOptions channel{"hook", "webhook", [url, timeout](const Clock& time) {
                             WebhookOptions webhook{url, {}, {}};
                             webhook.client.total_timeout = timeout;
                             return Webhook::create(webhook, time);
                           }};
    auto made = ChannelLane::create(channel, options, clock, metrics,
                                    {[this](const Outcome& outcome) {
                                       on_outcome(outcome);
                                       return sink.take(outcome);
                                     },
                                     [this] { return reload(); }});
    ASSERT_TRUE(made.ok());
    lane = std::move(*made);
  }
  void run() {
    thread = std::jthread([this](std::stop_token stop) { lane->run(stop, heartbeat); });
  }
  void finish() {
    thread.request_stop();
    thread.join();
  }

  event::Ring new_ring() {
    return {event::make_header(clock), "front", "porch", event::TriggerSource::button_press};
  }
  Message text_of(const event::Ring& ring) {
    return {message_of(ring, {"hook", true}, clock.wall(), 5ms), nullptr, ring.header.edge};
  }
  Message picture_of(const event::Ring& ring) {
    return {picture_update_of(ring, {"hook", true}, clock.wall(), 5ms),
            std::make_shared<const std::vector<std::uint8_t>>(1000, 0xd8), ring.header.edge};
  }
  double metric(const std::string& series) {
    const auto text = "\n" + metrics.exposition();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
};

TEST_F(ChannelLaneTest, RingAndPictureAreDeliveredInOrderAndCountedOnce) {
  Hook hook;
  start(hook.url());
  run();
  const auto ring = new_ring();
  ASSERT_TRUE(lane->push(text_of(ring)));
  ASSERT_TRUE(lane->push(picture_of(ring)));
  for (const std::uint32_t sequence : {0U, 1U}) {
    const auto outcome = sink.next();
    EXPECT_EQ(outcome.key, (store::RowKey{ring.header.id, "hook", sequence}));
    EXPECT_EQ(outcome.state, DeliveryState::delivered);
    EXPECT_EQ(outcome.attempts, 1U);
    EXPECT_GE(outcome.at, ring.header.at);
    EXPECT_THAT(hook.next().headers.at("idempotency-key"),
                HasSubstr(ring.header.id.text() + ":" + std::to_string(sequence)));
  }
  finish();
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="success",type="doorbell_press"})"),
            1);
  EXPECT_EQ(metric(R"(notification_delivery_duration_seconds_count{channel="webhook"})"), 2);
  EXPECT_EQ(metric(R"(doorbell_ring_to_notification_seconds_count{channel="webhook"})"), 1)
      << "only the ring's text stops the clock";
  EXPECT_EQ(metric(R"(notification_retries_total{channel="webhook"})"), 0);
  const auto text = metrics.scrape(telemetry::Format::openmetrics).text;
  const auto family = text.find("doorbell_ring_to_notification_seconds_bucket{");
  EXPECT_NE(text.substr(family, text.find("# HELP", family) - family)
                .find(" # {trace_id=\"" + ring.header.trace.trace_text() + "\"} "),
            std::string::npos);
}

TEST_F(ChannelLaneTest, FailedAttemptIsRepeatedUnderTheSameIdWhileTheUpdateWaits) {
  Hook hook({"500", "503"});
  start(hook.url());
  run();
  const auto ring = new_ring();
  ASSERT_TRUE(lane->push(text_of(ring)));
  ASSERT_TRUE(lane->push(picture_of(ring)));
  for (const std::uint32_t attempt : {1U, 2U}) {
    const auto outcome = sink.next();
    EXPECT_EQ(outcome.state, DeliveryState::pending);
    EXPECT_EQ(outcome.key.sequence, 0U);
    EXPECT_EQ(outcome.attempts, attempt);
    EXPECT_GT(outcome.next_attempt, ring.header.at);
  }
  EXPECT_EQ(sink.next().attempts, 3U);
  EXPECT_EQ(sink.next().key.sequence, 1U);
  for (const auto* suffix : {":0", ":0", ":0", ":1"})
    EXPECT_EQ(hook.next().headers.at("idempotency-key"), ring.header.id.text() + suffix);
  finish();
  EXPECT_EQ(metric(R"(notification_retries_total{channel="webhook"})"), 2);
  EXPECT_EQ(metric(R"(errors_total{component="notifier",error_type="network",severity="warning"})"), 2);
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="success",type="doorbell_press"})"),
            1);
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            0);
}

TEST_F(ChannelLaneTest, RefusedMessageFailsOnceAndForAll) {
  Hook hook({"404"});
  start(hook.url());
  run();
  ASSERT_TRUE(lane->push(text_of(new_ring())));
  EXPECT_EQ(sink.next().state, DeliveryState::failed);
  const auto next = new_ring();
  ASSERT_TRUE(lane->push(text_of(next)));
  EXPECT_EQ(sink.next().key.event_id, next.header.id);
  finish();
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            1);
  EXPECT_EQ(metric(R"(doorbell_ring_to_notification_seconds_count{channel="webhook"})"), 1);
}

TEST_F(ChannelLaneTest, MessageNobodyTakesExpires) {
  Hook hook({"500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500",
             "500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500",
             "500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500", "500",
             "500", "500", "500", "500", "500", "500", "500", "500", "500"});
  start(hook.url());
  auto message = text_of(new_ring());
  message.row.expires = clock.wall() + 100ms;
  ASSERT_TRUE(lane->push(std::move(message)));
  run();
  Outcome outcome = sink.next();
  while (outcome.state == DeliveryState::pending) outcome = sink.next();
  EXPECT_EQ(outcome.state, DeliveryState::expired);
  finish();
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            1);
}

TEST_F(ChannelLaneTest, SilentServerDoesNotMakeTheLaneDeafToStop) {
  Hook hook({"slow"});
  start(hook.url(), 600s);  // far beyond the test's limit: only the stop can end it
  run();
  ASSERT_TRUE(lane->push(text_of(new_ring())));
  hook.next();
  finish();
  EXPECT_TRUE(sink.empty()) << "what was under way stays pending as it was";
}

TEST_F(ChannelLaneTest, IdleLaneStopsAndWakesForAMessage) {
  Hook hook;
  start(hook.url());
  run();
  ASSERT_TRUE(lane->push(text_of(new_ring())));
  EXPECT_EQ(sink.next().state, DeliveryState::delivered);
  finish();
}

TEST_F(ChannelLaneTest, WhatDoesNotFitIsRefusedThenAskedForAgainAndArrivesOnce) {
  Hook hook;
  options.queue_capacity = 4;
  start(hook.url());
  std::vector<Message> outbox;
  for (int i = 0; i < 20; ++i) outbox.push_back(text_of(new_ring()));
  std::size_t accepted = 0;
  for (const auto& message : outbox) accepted += lane->push(message) ? 1U : 0U;
  ASSERT_LT(accepted, outbox.size());
  // Both run on the lane's thread. The store is one outcome behind: the newest settled row still
  // looks pending to it.
  std::set<event::EventId> settled;
  std::optional<event::EventId> unseen;
  on_outcome = [&](const Outcome& outcome) {
    if (unseen) settled.insert(*unseen);
    unseen = outcome.key.event_id;
  };
  reload = [&] {
    for (const auto& message : outbox)
      if (!settled.contains(message.row.key.event_id) && !lane->push(message)) break;
    return true;
  };
  run();
  std::map<event::EventId, int> seen;
  for (int i = 0; i < 20; ++i) {
    const auto outcome = sink.next();
    EXPECT_EQ(outcome.state, DeliveryState::delivered);
    EXPECT_EQ(++seen[outcome.key.event_id], 1);
  }
  EXPECT_GT(lane->refused(), 0U);
  finish();
  for (int i = 0; i < 20; ++i) hook.next();
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="success",type="doorbell_press"})"),
            20);
}

TEST_F(ChannelLaneTest, OutcomeThatTheStoreCannotTakeIsOfferedAgainInOrder) {
  Hook hook;
  start(hook.url());
  sink.refuse(3);
  const auto first = new_ring();
  const auto second = new_ring();
  ASSERT_TRUE(lane->push(text_of(first)));
  ASSERT_TRUE(lane->push(text_of(second)));
  run();
  EXPECT_EQ(sink.next().key.event_id, first.header.id);
  EXPECT_EQ(sink.next().key.event_id, second.header.id);
  finish();
}

TEST_F(ChannelLaneTest, UnusableChannelIsAnErrorThatNamesIt) {
  ChannelOptions channel{"hook", "webhook", [](const Clock&) -> Result<std::unique_ptr<Channel>> {
                           return Error(ErrorCode::resource, "no more");
                         }};
  const auto made = ChannelLane::create(channel, options, clock, metrics, {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().text(), "set up channel 'hook': no more");
}

}  // namespace
}  // namespace porchlight::notify
