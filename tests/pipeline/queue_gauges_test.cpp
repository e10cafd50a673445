// SPDX-License-Identifier: Apache-2.0
// What a ring lost, as numbers.
#include "pipeline/queue_gauges.hpp"

#include <gtest/gtest.h>

#include <map>

namespace porchlight::pipeline {
namespace {

struct QueueGaugesTest : testing::Test {
  double dropped(const char* name) {
    return metrics.counter("pipeline_queue_dropped_total", {{"queue_name", name}}).value();
  }

  void show(QueueName name, std::initializer_list<std::uint64_t> rings) {
    gauges.begin();
    for (const auto lost : rings) gauges.add(name, {.size = 1, .capacity = 4, .dropped = lost});
    gauges.publish();
  }

  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  QueueGauges gauges{metrics};
};

TEST_F(QueueGaugesTest, WhatEachQueueDropsIsCountedOnceAndByItsName) {
  const std::map<QueueName, const char*> all = {{QueueName::frame_capture, "frame_capture"},
                                                {QueueName::face_detection, "face_detection"},
                                                {QueueName::recognition, "recognition"},
                                                {QueueName::recording, "recording"},
                                                {QueueName::event_processing, "event_processing"},
                                                {QueueName::notification, "notification"},
                                                {QueueName::button, "button"},
                                                {QueueName::output, "output"},
                                                {QueueName::viewer, "viewer"}};
  std::map<QueueName, double> wanted;
  for (const auto& [name, word] : all) {
    show(name, {1});
    show(name, {1});
    wanted[name] = 1;
    for (const auto& [other, other_word] : all)
      EXPECT_EQ(dropped(other_word), wanted[other]) << other_word << ", " << word;
  }
}

TEST_F(QueueGaugesTest, RingsOfOneNameAreAddedUpAndANewOneTakesNothingBack) {
  show(QueueName::recording, {2, 3});
  EXPECT_EQ(dropped("recording"), 5);
  show(QueueName::recording, {0, 3});  // a reload replaced the first
  EXPECT_EQ(dropped("recording"), 5);
  show(QueueName::recording, {1, 3});
  EXPECT_EQ(dropped("recording"), 6);
}

// A ring of this program fills, by its own count.
TEST_F(QueueGaugesTest, ARingThatIsFullIsSeen) {
  Wakeup wakeup = std::move(*Wakeup::create());
  SpscRing<int, QueueName::notification, Overflow::refuse> ring{2, wakeup};
  for (int i = 0; i < 5; ++i) (void)ring.push(i);
  gauges.begin();
  gauges.add(ring);
  gauges.publish();
  EXPECT_EQ(dropped("notification"), 3);
}

}  // namespace
}  // namespace porchlight::pipeline
