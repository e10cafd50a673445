// SPDX-License-Identifier: Apache-2.0
// When the vision lane has its models and what it does without them, on a clock that the test moves.
#include "pipeline/vision_lane.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/temporary_folder.hpp"
#include "media/clip.hpp"
#include "pipeline/routing.hpp"
#include "porchlight/base/worker.hpp"

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

class ModelsOfTheLaneTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path models = PORCHLIGHT_BINARY_DIR "/models";
    if (!std::filesystem::exists(models / "resnet.onnx")) GTEST_SKIP() << "no face models";
    use_models(models);
  }
  void TearDown() override {
    lane_worker.reset();
    dispatcher_worker.reset();
    ::unsetenv("PORCHLIGHT_MODELS");
  }
  static void use_models(const std::filesystem::path& folder) {
    ::setenv("PORCHLIGHT_MODELS", folder.c_str(), 1);
  }
  void start() {
    sets.model_versions = vision::model_versions();
    sets.camera_ids = {"front"};
    metrics = std::make_unique<telemetry::Metrics>(sets);
    auto made = Dispatcher::create(clock, *metrics, jobs, [](const event::Ring&) {});
    ASSERT_TRUE(made);
    dispatcher = std::move(*made);
    dispatcher->set_routing(std::make_shared<Routing>());
    lane = std::make_unique<VisionLane>(vision::FaceOptions{}, clock, *metrics, health, *dispatcher,
                                        std::move(*Wakeup::create()));
    view = std::make_shared<CameraView>("front", lane->wakeup());
    auto table = std::make_shared<CameraTable>();
    table->emplace("front", view);
    lane->set_cameras(table);
    dispatcher_worker = std::make_unique<Worker>(
        "event", clock, [this](std::stop_token stop, Heartbeat& beat) { dispatcher->run(stop, beat); });
    lane_worker = std::make_unique<Worker>(
        "vision", clock, [this](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); });
  }
  void picture(bool at_rest) {
    auto frame = media::test::as_frame(media::test::make_picture(AV_PIX_FMT_YUV420P, 640, 360, phase++));
    frame.arrived = frame.decoded = clock.now();
    view->at_rest = at_rest;
    view->for_vision.post(std::make_shared<const media::Frame>(std::move(frame)));
  }
  event::Ring ring() {
    event::Ring ring;
    ring.header = event::make_header(clock);
    ring.camera_id = "front";
    EXPECT_TRUE(lane->expectations().push(ring));
    return ring;
  }
  // The next sighting that comes within a minute.
  std::optional<event::Sighting> sighting() {
    for (int i = 0; i < 6000; ++i, std::this_thread::sleep_for(10ms))
      while (auto job = jobs.pop())
        if (const auto* commit = std::get_if<CommitEvent>(&*job))
          if (const auto* seen = std::get_if<event::Sighting>(&commit->event)) return *seen;
    return std::nullopt;
  }
  template <class Condition>
  static bool wait_for(Condition condition) {
    for (int i = 0; i < 6000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
  }
  bool loaded() { return metrics->exposition().find("\nml_model_info{") != std::string::npos; }
  double searched() {
    return metrics->counter("ai_jobs_processed_total", {{"job_type", "face"}, {"status", "success"}}).value();
  }
  struct Said {
    std::atomic<bool> filled{false};
    std::optional<Result<Validated>> answer;
  };
  std::shared_ptr<Said> ask_to_validate() {
    const auto said = std::make_shared<Said>();
    EXPECT_TRUE(lane->validate({[said](Result<Validated> answer) {
      said->answer = std::move(answer);
      said->filled = true;
    }}));
    return said;
  }
  // What the lane says within a minute.
  std::optional<Result<Validated>> validated() {
    const auto said = ask_to_validate();
    if (!wait_for([&] { return said->filled.load(); })) return std::nullopt;
    return said->answer;
  }
  double enqueued() { return metrics->counter("ai_jobs_enqueued_total", {{"job_type", "face"}}).value(); }
  // Loaded at the start, and unneeded for so long that they are dropped.
  void start_and_drop() {
    start();
    ASSERT_TRUE(wait_for([&] { return loaded(); }));
    clock.advance(11min);
    picture(true);
    ASSERT_TRUE(wait_for([&] { return !loaded(); }));
  }

  SimulatedClock clock;
  telemetry::ClosedSets sets;
  std::unique_ptr<telemetry::Metrics> metrics;
  telemetry::Health health{clock};
  Wakeup store_wakeup = std::move(*Wakeup::create());
  StoreQueue jobs{64, store_wakeup};
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<VisionLane> lane;
  std::shared_ptr<CameraView> view;
  std::unique_ptr<Worker> dispatcher_worker;
  std::unique_ptr<Worker> lane_worker;
  int phase = 0;
};

TEST_F(ModelsOfTheLaneTest, ARestingCameraIsSearchedWhileTheyAreThereAndNeitherKeepsNorLoadsThem) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); })) << "at the start, before anybody rings";
  clock.advance(9min);
  picture(true);
  ASSERT_TRUE(wait_for([&] { return searched() == 1; }));
  clock.advance(2min);
  picture(true);
  ASSERT_TRUE(wait_for([&] { return !loaded(); }));
  EXPECT_TRUE(health.model_loaded) << "dropped on purpose";
  EXPECT_EQ(health.get(telemetry::Health::Part::model), telemetry::Health::PartState::started);
  for (int i = 0; i < 5; ++i) {
    clock.advance(2s);
    picture(true);
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_FALSE(loaded());
}

TEST_F(ModelsOfTheLaneTest, WhatMovesKeepsThem) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  for (int i = 1; i <= 4; ++i) {
    clock.advance(9min);
    picture(false);
    ASSERT_TRUE(wait_for([&] { return searched() == i; }));
    EXPECT_TRUE(loaded());
  }
}

TEST_F(ModelsOfTheLaneTest, WhatMovesLoadsThemAndIsSearched) {
  ASSERT_NO_FATAL_FAILURE(start_and_drop());
  const auto before = searched();
  picture(false);
  EXPECT_TRUE(wait_for([&] { return loaded() && searched() == before + 1; }));
}

TEST_F(ModelsOfTheLaneTest, ARingLoadsThemAtOnceAndTheyStayUntilItIsAnswered) {
  ASSERT_NO_FATAL_FAILURE(start_and_drop());
  const auto before = searched();
  const auto rung = ring();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  ASSERT_TRUE(wait_for([&] { return lane->expectations().empty(); }));
  picture(true);
  ASSERT_TRUE(wait_for([&] { return searched() > before; }));
  clock.advance(11s);
  const auto seen = sighting();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->ring_id, rung.header.id);
  EXPECT_EQ(seen->verdict, event::Verdict::no_face);
}

TEST_F(ModelsOfTheLaneTest, WithoutThemARingHearsSoAtOnceAndPicturesAreNoJobs) {
  const TemporaryFolder empty;
  use_models(empty.path());
  start();
  for (int i = 0; i < 2; ++i) {
    picture(false);
    const auto rung = ring();
    const auto seen = sighting();
    ASSERT_TRUE(seen) << "and its time has not passed";
    EXPECT_EQ(seen->ring_id, rung.header.id);
    EXPECT_EQ(seen->verdict, event::Verdict::error);
  }
  EXPECT_FALSE(health.model_loaded);
  EXPECT_EQ(enqueued(), 0);
  // They come, and nobody rings, and nobody restarts anything.
  for (const auto& entry : std::filesystem::directory_iterator(PORCHLIGHT_BINARY_DIR "/models"))
    if (entry.path().extension() == ".onnx")
      std::filesystem::copy_file(entry, empty.path() / entry.path().filename());
  EXPECT_TRUE(wait_for([&] {
    clock.advance(2s);
    picture(true);
    return loaded();
  }));
  EXPECT_TRUE(health.model_loaded);
}

// What a health check asks for. It neither loads the models nor keeps them, and counts as nobody's job.
TEST_F(ModelsOfTheLaneTest, AreValidatedWhileTheyAreThere) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  const auto there = validated();
  ASSERT_TRUE(there);
  ASSERT_TRUE(*there) << there->error().text();
  EXPECT_EQ((*there)->size(), 3U);
  EXPECT_EQ(enqueued(), 0);
  clock.advance(11min);
  picture(true);
  ASSERT_TRUE(wait_for([&] { return !loaded(); }));
  const auto dropped = validated();
  ASSERT_TRUE(dropped);
  ASSERT_TRUE(*dropped) << dropped->error().text();
  EXPECT_TRUE((*dropped)->empty());
  EXPECT_FALSE(loaded());
}

TEST_F(ModelsOfTheLaneTest, WhoRingsGoesBeforeTheirValidation) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  ring();
  ASSERT_TRUE(wait_for([&] { return lane->expectations().empty(); }));
  const auto said = ask_to_validate();
  picture(false);
  ASSERT_TRUE(wait_for([&] { return searched() == 1; })) << "the lane goes round";
  EXPECT_FALSE(said->filled);
  clock.advance(11s);
  ASSERT_TRUE(sighting());
  EXPECT_TRUE(wait_for([&] { return said->filled.load(); }));
}

TEST_F(ModelsOfTheLaneTest, AreNotValidatedWhereFacesAreOff) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  lane_worker.reset();
  vision::FaceOptions off;
  off.enabled = false;
  std::optional<Result<Validated>> answer;
  ASSERT_TRUE(lane->validate({[&](Result<Validated> said) { answer = std::move(said); }}));
  lane->configure(off);
  ASSERT_TRUE(answer) << "what waited is answered";
  EXPECT_FALSE(*answer);
  EXPECT_FALSE(lane->validate({[](const Result<Validated>&) {}}));
}

TEST_F(ModelsOfTheLaneTest, APictureThatIsTooOldIsNotSearched) {
  start();
  ASSERT_TRUE(wait_for([&] { return loaded(); }));
  auto frame = media::test::as_frame(media::test::make_picture(AV_PIX_FMT_YUV420P, 640, 360, 0));
  clock.advance(5s);
  frame.decoded = clock.now() - 3s;
  view->for_vision.post(std::make_shared<const media::Frame>(std::move(frame)));
  const auto late =
      metrics->counter("ai_jobs_processed_total", {{"job_type", "face"}, {"status", "timeout"}});
  EXPECT_TRUE(wait_for([&] { return late.value() == 1; }));
  EXPECT_EQ(searched(), 0);
  EXPECT_EQ(enqueued(), 1);
}

}  // namespace
}  // namespace porchlight::pipeline
