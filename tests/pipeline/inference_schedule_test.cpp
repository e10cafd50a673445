// SPDX-License-Identifier: Apache-2.0
// Whose picture is searched next, on a clock that the test moves.
#include "pipeline/inference_schedule.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "porchlight/base/clock.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using Standing = InferenceSchedule::Standing;

// What the metrics say of the jobs.
struct Counts {
  explicit Counts(telemetry::Metrics& metrics)
      : enqueued(metrics.counter("ai_jobs_enqueued_total", {{"job_type", "face"}})),
        success(of(metrics, "success")),
        failure(of(metrics, "failure")),
        timeout(of(metrics, "timeout")),
        dropped(of(metrics, "dropped")),
        queued(metrics.gauge("ai_jobs_queued_total", {{"job_type", "face"}})) {}
  static telemetry::Counter of(telemetry::Metrics& metrics, const char* status) {
    return metrics.counter("ai_jobs_processed_total", {{"job_type", "face"}, {"status", status}});
  }
  void expect_conserved() const {
    EXPECT_EQ(enqueued.value(),
              success.value() + failure.value() + timeout.value() + dropped.value() + queued.value());
    EXPECT_GE(queued.value(), 0);
  }

  telemetry::Counter enqueued, success, failure, timeout, dropped;
  telemetry::Gauge queued;
};

class InferenceScheduleTest : public testing::Test {
 protected:
  static media::FramePtr frame(std::uint64_t number) {
    auto made = std::make_shared<media::Frame>();
    made->number = number;
    return made;
  }
  bool offer(const std::string& camera, std::uint64_t number = 0, Standing standing = Standing::awaited) {
    return schedule.offer(camera, frame(number), standing, clock.now(), clock.now() + 2s);
  }
  // Works on the next look for so long; empty when there was none.
  std::string serve(std::chrono::nanoseconds took = 0ns, bool well = true) {
    const auto look =
        schedule.next(clock.now(), [this](const std::string& id) { return rings.contains(id); });
    if (!look) return {};
    last_frame = look->frame->number;
    InferenceMeter::Work work(meter);
    counts.expect_conserved();  // also while it is worked on
    clock.advance(took);
    schedule.cost(took);
    if (well) work.succeeded();
    return look->camera;
  }

  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  InferenceMeter meter{metrics, "face"};
  Counts counts{metrics};
  InferenceSchedule schedule{meter};
  std::set<std::string> rings;
  std::uint64_t last_frame = 0;
};

TEST_F(InferenceScheduleTest, AJobThatARingAskedForShowsItsTrace) {
  const auto exemplars = [this] {
    const auto text = metrics.scrape(telemetry::Format::openmetrics).text;
    return text.find(" # {trace_id=\"07070707070707070707070707070707\"} ") != std::string::npos;
  };
  telemetry::TraceBytes trace;
  trace.fill(7);
  {
    meter.enqueued();
    InferenceMeter::Work nobodys(meter);
  }
  EXPECT_FALSE(exemplars());
  {
    meter.enqueued();
    InferenceMeter::Work asked_for(meter, trace);
  }
  EXPECT_TRUE(exemplars());
}

TEST_F(InferenceScheduleTest, NothingWaitsAtFirst) {
  EXPECT_TRUE(schedule.empty());
  EXPECT_EQ(serve(), "");
  EXPECT_EQ(counts.enqueued.value(), 0);
}

TEST_F(InferenceScheduleTest, TheNewestPictureWinsAndTheOlderIsDropped) {
  for (std::uint64_t number = 1; number <= 5; ++number) EXPECT_TRUE(offer("front", number));
  EXPECT_EQ(counts.queued.value(), 1);
  EXPECT_EQ(serve(), "front");
  EXPECT_EQ(last_frame, 5U);
  EXPECT_EQ(serve(), "");
  EXPECT_EQ(counts.enqueued.value(), 5);
  EXPECT_EQ(counts.dropped.value(), 4);
  EXPECT_EQ(counts.success.value(), 1);
  EXPECT_EQ(counts.queued.value(), 0);
}

TEST_F(InferenceScheduleTest, TheRingsCameraComesFirst) {
  for (const auto* camera : {"a", "b", "c", "d"}) offer(camera);
  rings = {"d"};
  EXPECT_EQ(serve(), "d");
  EXPECT_EQ(serve(), "a");
  offer("d");
  EXPECT_EQ(serve(), "d");
  EXPECT_EQ(serve(), "b");
}

TEST_F(InferenceScheduleTest, TwoRingsTakeTurns) {
  rings = {"b", "c"};
  std::string order;
  for (int i = 0; i < 6; ++i) {
    for (const auto* camera : {"a", "b", "c"}) offer(camera);
    order += serve();
  }
  EXPECT_EQ(order, "bcbcbc");
}

TEST_F(InferenceScheduleTest, WhoLeansOnTheButtonBlindsNobodyElse) {
  rings = {"door"};
  int others = 0;
  int in_a_row = 0;
  int longest = 0;
  for (int i = 0; i < 100; ++i) {
    offer("door");
    offer("yard");
    if (serve(50ms) == "door") {
      longest = std::max(longest, ++in_a_row);
    } else {
      ++others;
      in_a_row = 0;
    }
  }
  EXPECT_EQ(longest, 8);
  EXPECT_EQ(others, 11);
}

TEST_F(InferenceScheduleTest, ACameraWhoseRowWasShortStartsANewOne) {
  rings = {"door"};
  for (int i = 0; i < 50; ++i) {  // alone: no row at anybody's cost
    offer("door");
    ASSERT_EQ(serve(), "door");
  }
  offer("yard");
  offer("door");
  EXPECT_EQ(serve(), "door");
}

TEST_F(InferenceScheduleTest, WhoHasNotHadATurnForLongestIsNext) {
  std::string order;
  for (int i = 0; i < 9; ++i) {
    for (const auto* camera : {"a", "b", "c"}) offer(camera);
    order += serve(10ms);
  }
  EXPECT_EQ(order, "abcabcabc");
}

TEST_F(InferenceScheduleTest, ANewPictureDoesNotLoseItsCamerasPlace) {
  offer("b");
  serve();
  offer("a");
  offer("b");
  for (int i = 0; i < 20; ++i) offer("a", 7);
  EXPECT_EQ(serve(), "a");
  EXPECT_EQ(last_frame, 7U);
}

TEST_F(InferenceScheduleTest, WhatIsPastItsDeadlineIsNotSearched) {
  offer("a");
  clock.advance(1s);
  offer("b");
  clock.advance(1s);  // a's time is over this instant
  rings = {"a"};
  EXPECT_EQ(serve(), "b");
  EXPECT_EQ(serve(), "");
  EXPECT_EQ(counts.timeout.value(), 1);
  EXPECT_EQ(counts.success.value(), 1);
  counts.expect_conserved();
}

TEST_F(InferenceScheduleTest, WhatFailsIsCountedAsFailed) {
  offer("a");
  serve(1ms, false);
  EXPECT_EQ(counts.failure.value(), 1);
  EXPECT_EQ(counts.success.value(), 0);
  counts.expect_conserved();
}

TEST_F(InferenceScheduleTest, AForgottenCamerasPictureIsDropped) {
  offer("a");
  offer("b");
  schedule.forget("a");
  schedule.forget("never seen");
  EXPECT_EQ(serve(), "b");
  EXPECT_TRUE(schedule.empty());
  EXPECT_EQ(counts.dropped.value(), 1);
  offer("b");
  schedule.clear();
  EXPECT_TRUE(schedule.empty());
  EXPECT_EQ(counts.dropped.value(), 2);
  counts.expect_conserved();
}

TEST_F(InferenceScheduleTest, OthersHaveATurnWhenNothingWaitsOrEachCameraHadOne) {
  EXPECT_TRUE(schedule.others_turn());
  for (const auto* camera : {"a", "b"}) offer(camera);
  schedule.others_served();
  EXPECT_FALSE(schedule.others_turn());
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(schedule.others_turn()) << i;
    offer(serve());  // it never becomes empty
  }
  EXPECT_FALSE(schedule.empty());
  EXPECT_TRUE(schedule.others_turn());
}

// Cameras before a network: each sends pictures and is due when it was not searched for its pace.
struct Street {
  struct Camera {
    std::string id;
    std::chrono::milliseconds picture_every;
    Standing standing = Standing::at_rest;
    MonotonicTime next_picture{};
    MonotonicTime searched{};
    int searches = 0;
    std::chrono::nanoseconds longest_wait{0};
  };
  std::vector<Camera> cameras;
};

class BusyStreetTest : public InferenceScheduleTest {
 protected:
  void add(std::chrono::milliseconds picture_every, Standing standing = Standing::at_rest) {
    street.cameras.push_back({"camera" + std::to_string(street.cameras.size()), picture_every, standing});
    street.cameras.back().searched = clock.now();
  }
  void take_pictures() {
    for (auto& camera : street.cameras) {
      if (clock.now() < camera.next_picture) continue;
      camera.next_picture = clock.now() + camera.picture_every;
      const auto pace = camera.standing == Standing::at_rest ? 400ms : 200ms;
      if (clock.now() - camera.searched >= pace) offer(camera.id, 0, camera.standing);
    }
  }
  // For so long; `cost` gives what a search takes.
  template <class Cost>
  void live(std::chrono::seconds time, Cost cost) {
    const auto end = clock.now() + time;
    while (clock.now() < end) {
      take_pictures();
      const auto before = clock.now();
      const auto id = serve(cost());
      counts.expect_conserved();
      if (id.empty()) {
        clock.advance(5ms);
        continue;
      }
      busy += clock.now() - before;
      auto& camera = *std::find_if(street.cameras.begin(), street.cameras.end(),
                                   [&](const auto& one) { return one.id == id; });
      camera.longest_wait = std::max(camera.longest_wait, before - camera.searched);
      camera.searched = before;
      ++camera.searches;
    }
    for (auto& camera : street.cameras)
      camera.longest_wait = std::max(camera.longest_wait, clock.now() - camera.searched);
  }

  Street street;
  std::chrono::nanoseconds busy{0};
};

TEST_F(BusyStreetTest, WithTimeEnoughNothingIsLeftOut) {
  for (int i = 0; i < 4; ++i) add(100ms);
  live(20s, [] { return 20ms; });
  EXPECT_EQ(counts.dropped.value(), 0);
  EXPECT_EQ(counts.timeout.value(), 0);
  for (const auto& camera : street.cameras) EXPECT_NEAR(camera.searches, 50, 5) << camera.id;
  EXPECT_EQ(schedule.rest_pace(clock.now()), 400ms);
}

TEST_F(BusyStreetTest, CamerasAtRestAreSearchedLessOftenAndAlikeWhenThereIsNoTime) {
  for (int i = 0; i < 8; ++i) add(100ms);
  live(60s, [] { return 150ms; });
  const auto share = std::chrono::duration<double>(busy).count() / 60;
  EXPECT_LT(share, 0.85) << "the thread has no time left";
  EXPECT_GT(share, 0.6) << "time is given away";
  for (const auto& camera : street.cameras) EXPECT_NEAR(camera.searches, 37, 5) << camera.id;
  // Due every 400 ms: what was not searched of that was left out, and is counted.
  const auto due = 8 * 60 / 0.4;
  EXPECT_NEAR(counts.success.value() + counts.dropped.value(), due, due * 0.15);
  EXPECT_GT(counts.dropped.value(), counts.success.value());
}

TEST_F(BusyStreetTest, WhoIsAwaitedIsNotLeftOutForCamerasAtRest) {
  for (int i = 0; i < 6; ++i) add(100ms);
  add(100ms, Standing::awaited);
  live(30s, [] { return 100ms; });
  const auto& awaited = street.cameras.back();
  EXPECT_GT(awaited.searches, 100) << "of 150 in the best case";
  for (const auto& camera : street.cameras) EXPECT_LE(camera.longest_wait, 4s + 7 * 100ms) << camera.id;
  for (const auto& camera : street.cameras) EXPECT_GT(camera.searches, 6) << camera.id;
}

TEST_F(BusyStreetTest, WhenTheLoadIsGoneEverybodyIsSearchedAsBefore) {
  for (int i = 0; i < 8; ++i) add(100ms);
  live(20s, [] { return 200ms; });
  EXPECT_GT(schedule.rest_pace(clock.now()), 1s);
  live(20s, [] { return 5ms; });
  EXPECT_EQ(schedule.rest_pace(clock.now()), 400ms);
  const auto before = counts.dropped.value();
  live(10s, [] { return 5ms; });
  EXPECT_EQ(counts.dropped.value(), before);
}

TEST_F(BusyStreetTest, ACameraThatFellSilentTakesNoTimeFromTheOthers) {
  for (int i = 0; i < 8; ++i) add(100ms);
  live(10s, [] { return 150ms; });
  street.cameras.resize(1);
  live(10s, [] { return 150ms; });
  EXPECT_EQ(schedule.rest_pace(clock.now()), 400ms);
}

// Whatever they do: nobody starves, nothing is lost, a ring's camera goes before the others.
TEST_F(BusyStreetTest, NobodyStarvesOverRandomStreets) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto any = [&](int least, int most) { return std::uniform_int_distribution(least, most)(random); };
    schedule.clear();
    street.cameras.clear();
    rings.clear();
    const int number = any(2, 10);
    for (int i = 0; i < number; ++i)
      add(std::chrono::milliseconds(any(33, 500)), any(0, 3) == 0 ? Standing::awaited : Standing::at_rest);
    constexpr int dearest = 120;
    for (int change = 0; change < 20; ++change) {
      auto& camera = street.cameras[static_cast<std::size_t>(any(0, number - 1))];
      camera.standing = any(0, 1) == 0 ? Standing::awaited : Standing::at_rest;
      rings.clear();
      if (any(0, 2) == 0) rings.insert(camera.id);
      live(1s, [&] { return std::chrono::milliseconds(any(5, dearest)); });
    }
    // The longest rest, its picture, and everybody else before it, each after a row of a ring's looks.
    const auto bound = 4s + 500ms + number * 9 * std::chrono::milliseconds(dearest);
    for (const auto& camera : street.cameras) EXPECT_LE(camera.longest_wait, bound) << camera.id;
    counts.expect_conserved();
  }
  EXPECT_GT(counts.success.value(), 1000);
  EXPECT_GT(counts.dropped.value(), 0);
}

}  // namespace
}  // namespace porchlight::pipeline
