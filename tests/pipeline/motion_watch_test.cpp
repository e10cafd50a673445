// SPDX-License-Identifier: Apache-2.0
// Which pictures of a watched camera vision gets, and what is told of a motion.
#include "pipeline/motion_watch.hpp"

#include <gmock/gmock.h>

#include "vision/motion_paint.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;
using vision::test::film;
using vision::test::painted;
using vision::test::stripes;

// Says what it is told to; the two times move apart when the wall clock is set.
class SetClock final : public Clock {
 public:
  MonotonicTime now() const override { return now_; }
  WallTime wall() const override {
    return WallTime(1'700'000'000s) +
           std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()) + step;
  }
  bool sleep_for(std::chrono::nanoseconds, std::stop_token) override { return true; }

  MonotonicTime now_{};
  std::chrono::seconds step{0};
};

telemetry::ClosedSets sets() {
  telemetry::ClosedSets closed;
  closed.camera_ids = {"yard"};
  return closed;
}

vision::test::Scene somebody(double from) {
  return vision::test::box([=](double t) { return t < from ? -40.0 : -32 + 50 * (t - from); });
}

class MotionWatchTest : public testing::Test {
 protected:
  void make(bool motion = true) {
    camera::CameraOptions options;
    options.id = "yard";
    options.motion = motion;
    watch.emplace(options, clock, metrics, view,
                  [this](event::Motion one, media::FramePtr) { told.push_back(std::move(one)); });
    onlooker = watch->onlooker();
    onlooker.restart();
  }
  void look(const media::FramePtr& frame) {
    clock.now_ = frame->arrived + 20ms;
    onlooker.look(frame);
    if (auto taken = view.for_vision.take()) posted.push_back(tenths_of(**taken));
  }
  void look(const vision::test::Scene& scene, double from, double until) {
    for (const auto& frame : film(scene, from, until)) look(frame);
  }
  // A camera at rest from here on.
  void settle() {
    look(stripes, 0, 4);
    ASSERT_FALSE(onlooker.wants_all());
    posted.clear();
  }
  double ended(const char* how) {
    return metrics.counter("ai_jobs_processed_total", {{"job_type", "motion"}, {"status", how}}).value();
  }
  static int tenths_of(const media::Frame& frame) {
    return static_cast<int>((frame.arrived.time_since_epoch() - 1000s) / 100ms);
  }

  SetClock clock;
  telemetry::Metrics metrics{sets()};
  Wakeup wakeup = std::move(*Wakeup::create());
  CameraView view{"yard", wakeup};
  std::vector<event::Motion> told;
  std::optional<MotionWatch> watch;
  camera::Onlooker onlooker;
  std::vector<int> posted;  // to vision, in tenths of a second
};

TEST_F(MotionWatchTest, AtRestVisionGetsKeyframesOnly) {
  make();
  settle();
  look(stripes, 4, 10);  // all of them, as of a camera with a button
  EXPECT_THAT(posted, ElementsAre(40, 60, 80));
}

TEST_F(MotionWatchTest, EachLookOfTheGateIsAJobThatEnds) {
  make();
  const auto frames = film(stripes, 0, 2);
  for (const auto& frame : frames) look(frame);
  const auto looks = static_cast<double>(frames.size());
  EXPECT_GT(looks, 0);
  EXPECT_EQ(metrics.counter("ai_jobs_enqueued_total", {{"job_type", "motion"}}).value(), looks);
  EXPECT_EQ(ended("success"), looks);
  EXPECT_EQ(ended("failure"), 0);
  EXPECT_EQ(metrics.gauge("ai_jobs_queued_total", {{"job_type", "motion"}}).value(), 0);
  EXPECT_THAT(metrics.exposition(),
              testing::HasSubstr("\nai_processing_duration_seconds_count{job_type=\"motion\"} " +
                                 std::to_string(frames.size()) + '\n'));
}

TEST_F(MotionWatchTest, AStreamOfKeyframesIsNotSearchedAllTheTime) {
  make();
  settle();
  for (int i = 0; i < 50; ++i) look(painted(stripes, 4 + 0.1 * i));
  EXPECT_THAT(posted, ElementsAre(40, 49, 58, 67, 76, 85));
}

TEST_F(MotionWatchTest, WhoIsWaitedForIsLookedForInEveryPicture) {
  make();
  settle();
  view.wanted = true;
  EXPECT_TRUE(onlooker.wants_all());
  look(stripes, 4.1, 5.1);
  EXPECT_THAT(posted, SizeIs(10));
  view.wanted = false;
  EXPECT_FALSE(onlooker.wants_all());
  posted.clear();
  look(stripes, 5.1, 5.9);
  EXPECT_THAT(posted, SizeIs(0));
}

TEST_F(MotionWatchTest, WhoMovesIsLookedForInEveryPicture) {
  make();
  settle();
  look(somebody(4), 4, 8);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(view.moving);
  posted.clear();
  look(somebody(4), 8, 9);
  EXPECT_THAT(posted, SizeIs(10));
  look(stripes, 9, 22);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_FALSE(view.moving);
  posted.clear();
  look(stripes, 22.1, 23.9);
  EXPECT_THAT(posted, SizeIs(0));
}

TEST_F(MotionWatchTest, WithoutAGateVisionGetsEveryPicture) {
  make(false);
  EXPECT_TRUE(onlooker.wants_all());
  look(somebody(1), 0.1, 5.1);
  EXPECT_THAT(posted, SizeIs(50));
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(ended("success"), 0) << "nobody looks for motion";
}

// It only records: a picture is wanted for whoever asks for one, and no more.
TEST_F(MotionWatchTest, WithoutAGateAndFacesKeyframesAreEnough) {
  make(false);
  view.searched = false;
  EXPECT_FALSE(onlooker.wants_all());
  look(somebody(1), 0.1, 5.1);
  EXPECT_THAT(posted, SizeIs(0)) << "nobody would take them";
  EXPECT_TRUE(told.empty());
}

TEST_F(MotionWatchTest, WithoutAGateAndFacesAButtonAndARingWantEveryPicture) {
  make(false);
  view.searched = false;
  view.has_button = true;
  EXPECT_TRUE(onlooker.wants_all());
  view.has_button = false;
  view.wanted = true;
  EXPECT_TRUE(onlooker.wants_all());
}

TEST_F(MotionWatchTest, WithoutFacesTheGateIsAskedAllTheSame) {
  make();
  view.searched = false;
  EXPECT_TRUE(onlooker.wants_all()) << "it settles first";
  look(stripes, 0, 4);
  EXPECT_FALSE(onlooker.wants_all());
  look(somebody(4), 4, 8);
  EXPECT_THAT(told, SizeIs(1));
  EXPECT_TRUE(onlooker.wants_all());
  EXPECT_THAT(posted, SizeIs(0));
}

// Faces are switched on by a reload.
TEST_F(MotionWatchTest, FacesThatAreSwitchedOnGetEveryPicture) {
  make(false);
  view.searched = false;
  look(stripes, 0.1, 2.1);
  view.searched = true;
  EXPECT_TRUE(onlooker.wants_all());
  look(stripes, 2.1, 4.1);
  EXPECT_THAT(posted, SizeIs(20));
}

// What was passed over at rest is decoded after all when the gate wants it.
TEST_F(MotionWatchTest, VisionNeverGoesBackInTime) {
  make();
  settle();
  look(painted(stripes, 4));
  look(painted(stripes, 6));
  view.wanted = true;
  look(stripes, 4, 6.5);
  EXPECT_THAT(posted, ElementsAre(40, 60, 61, 62, 63, 64));
}

TEST_F(MotionWatchTest, AnEndIsByTheClockOfItsBeginning) {
  make();
  settle();
  look(somebody(4), 4, 8);
  ASSERT_THAT(told, SizeIs(1));
  clock.step = -1h;  // the time is set meanwhile
  look(somebody(4), 8, 25);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1].header.id, told[0].header.id);
  EXPECT_EQ(told[1].header.at, told[0].header.at);
  ASSERT_TRUE(told[1].ended);
  // 352 samples at 50 a second.
  EXPECT_GE(*told[1].ended - told[1].header.at, 4s);
  EXPECT_LE(*told[1].ended - told[1].header.at, 8s);
}

}  // namespace
}  // namespace porchlight::pipeline
