// SPDX-License-Identifier: Apache-2.0
// Photographs that somebody sends, before a vision lane that has models or has none.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "base/temporary_folder.hpp"
#include "pipeline/vision_lane.hpp"
#include "porchlight/base/worker.hpp"
#include "porchlight/media/photo.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "vision/degraded.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

// Of what is asked for, what came.
struct Answers {
  std::mutex mutex;
  std::vector<Examined> list;
  void add(Examined examined) {
    const std::lock_guard lock(mutex);
    list.push_back(std::move(examined));
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return list.size();
  }
  bool wait_for(std::size_t wanted) {
    for (int i = 0; i < 6000 && count() < wanted; ++i) std::this_thread::sleep_for(10ms);
    return count() >= wanted;
  }
};

std::string picture(const char* name) {
  std::ifstream file(std::filesystem::path(PORCHLIGHT_SOURCE_DIR) / "build" / "pictures" / name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool models_are_there() {
  return std::filesystem::exists(std::filesystem::path(PORCHLIGHT_BINARY_DIR) / "models" / "detect.onnx");
}

class ExaminationTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("PORCHLIGHT_MODELS", PORCHLIGHT_BINARY_DIR "/models", 1); }
  void make(bool faces) {
    pipeline_.reset();
    supervisor_.reset();
    Options wanted;
    wanted.folder = folder_.path();
    wanted.faces.enabled = faces;
    telemetry::ClosedSets sets;
    sets.workers = Pipeline::workers_of(wanted);
    sets.model_versions = vision::model_versions();
    metrics_ = std::make_unique<telemetry::Metrics>(sets);
    supervisor_ = std::make_unique<Supervisor>(clock_, *metrics_);
    auto made = Pipeline::create(wanted, clock_, *metrics_, health_, *supervisor_);
    ASSERT_TRUE(made) << made.error().text();
    pipeline_ = std::move(*made);
  }
  void TearDown() override {
    if (supervisor_) supervisor_->stop(10s);
    ::unsetenv("PORCHLIGHT_MODELS");
  }
  void examine(const std::string& file, FaceWanted wanted = FaceWanted::every,
               std::chrono::seconds limit = 60s) {
    pipeline_->examine(file, wanted, clock_.now() + limit,
                       [this](Examined examined) { answers_.add(std::move(examined)); });
  }
  ErrorCode code_of(std::size_t which) {
    EXPECT_FALSE(answers_.list.at(which).ok());
    return answers_.list.at(which).ok() ? ErrorCode::internal : answers_.list.at(which).error().code();
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  telemetry::Health health_{clock_};
  Answers answers_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(ExaminationTest, IsRefusedAtOnceWhenFacesAreOffOrTooManyWait) {
  const auto file = picture("no_face.jpg");
  if (file.empty()) GTEST_SKIP() << "no pictures";
  make(false);
  examine(file);
  ASSERT_EQ(answers_.count(), 1U);
  EXPECT_EQ(code_of(0), ErrorCode::unavailable);
  make(true);  // and nothing runs the lane yet
  for (int i = 0; i < 4; ++i) examine(file);
  EXPECT_EQ(answers_.count(), 1U);
  examine(file);
  ASSERT_EQ(answers_.count(), 2U);
  EXPECT_EQ(code_of(1), ErrorCode::unavailable);
}

TEST_F(ExaminationTest, WhatIsNoPictureNeverReachesTheLane) {
  make(true);
  examine("a letter");
  examine(std::string("\xff\xd8\xff\xe0", 4));
  ASSERT_EQ(answers_.count(), 2U);
  EXPECT_EQ(code_of(0), ErrorCode::unsupported);
  EXPECT_EQ(code_of(1), ErrorCode::corrupt);
}

TEST_F(ExaminationTest, MissingModelsAreSaidAndNotWaitedFor) {
  const auto file = picture("no_face.jpg");
  if (file.empty()) GTEST_SKIP() << "no pictures";
  ::setenv("PORCHLIGHT_MODELS", folder_.path().c_str(), 1);
  make(true);
  pipeline_->start();
  for (int i = 0; i < 2; ++i) examine(file);
  ASSERT_TRUE(answers_.wait_for(2));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(code_of(i), ErrorCode::unavailable);
    EXPECT_NE(answers_.list[i].error().text().find("models cannot be loaded"), std::string::npos);
  }
}

TEST_F(ExaminationTest, LooksWithoutAnyCameraAndAnswersLateOnesWithoutLooking) {
  const auto one = picture("known_enrol.jpg");
  const auto two = picture("two_faces.jpg");
  if (one.empty() || two.empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  make(true);
  examine(one, FaceWanted::only);
  examine(two, FaceWanted::only);
  examine(two, FaceWanted::every);
  Answers late;
  const auto soon = clock_.now() + 50ms;
  pipeline_->examine(one, FaceWanted::every, soon, [&](Examined examined) { late.add(std::move(examined)); });
  while (clock_.now() < soon) std::this_thread::sleep_for(1ms);
  pipeline_->start();
  ASSERT_TRUE(answers_.wait_for(3) && late.wait_for(1));
  ASSERT_TRUE(answers_.list[0].ok()) << answers_.list[0].error().text();
  ASSERT_EQ(answers_.list[0]->size(), 1U);
  const auto& face = answers_.list[0]->front();
  EXPECT_GT(face.shot.quality, 0);
  EXPECT_GT(face.place.width, 0.05F);
  EXPECT_LT(face.place.x + face.place.width, 1.2F);
  EXPECT_EQ(face.identity.verdict, event::Verdict::unknown_person);
  EXPECT_EQ(code_of(1), ErrorCode::already_exists);
  ASSERT_TRUE(answers_.list[2].ok());
  EXPECT_GE(answers_.list[2]->size(), 2U);
  ASSERT_FALSE(late.list[0].ok());
  EXPECT_EQ(late.list[0].error().code(), ErrorCode::timeout);
}

TEST_F(ExaminationTest, TheLargestFaceIsToldFromTheOnlyOne) {
  const auto one = picture("known_enrol.jpg");
  const auto two = picture("two_faces.jpg");
  if (one.empty() || two.empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  make(true);
  for (const auto& file : {one, two}) examine(file, FaceWanted::largest);
  pipeline_->start();
  ASSERT_TRUE(answers_.wait_for(2));
  for (const auto& answer : answers_.list) ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_TRUE(answers_.list[0]->front().shot.alone);
  EXPECT_FALSE(answers_.list[1]->front().shot.alone);
}

TEST_F(ExaminationTest, AFaceThatIsNotGoodEnoughComesWithItsReasonAndIsComparedWithNobody) {
  if (picture("no_face.jpg").empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  make(true);
  std::vector<event::Refusal> asked;
  for (const auto fault : {event::Refusal::dark, event::Refusal::turned}) {
    const auto bytes = vision::jpeg(vision::degraded(fault));
    for (const auto wanted : {FaceWanted::only, FaceWanted::every}) {
      examine({bytes.begin(), bytes.end()}, wanted);
      asked.push_back(fault);
    }
  }
  pipeline_->start();
  ASSERT_TRUE(answers_.wait_for(asked.size()));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    ASSERT_TRUE(answers_.list[i].ok()) << answers_.list[i].error().text();
    ASSERT_EQ(answers_.list[i]->size(), 1U);
    const auto& face = answers_.list[i]->front();
    ASSERT_TRUE(face.shot.refused) << to_string(asked[i]);
    EXPECT_EQ(to_string(face.shot.refused->reason), to_string(asked[i]));
    EXPECT_EQ(face.shot.embedding, vision::Embedding{});
    EXPECT_EQ(face.identity.verdict, event::Verdict::unknown_person);
    EXPECT_EQ(face.identity.confidence, 0);
  }
}

TEST_F(ExaminationTest, WhatComesTooLateIsNotDecoded) {
  make(true);
  examine("a letter", FaceWanted::every, 0s);
  ASSERT_EQ(answers_.count(), 1U);
  EXPECT_EQ(code_of(0), ErrorCode::timeout) << "that it is no picture shows only who decodes it";
}

// The lane alone, on a clock that the test moves, so that a ring waits until the test says so.
class VisionLaneTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("PORCHLIGHT_MODELS", PORCHLIGHT_BINARY_DIR "/models", 1);
    sets.model_versions = vision::model_versions();
    metrics = std::make_unique<telemetry::Metrics>(sets);
    auto made = Dispatcher::create(clock, *metrics, jobs, [](const event::Ring&) {});
    ASSERT_TRUE(made);
    dispatcher = std::move(*made);
    lane = std::make_unique<VisionLane>(vision::FaceOptions{}, clock, *metrics, health, *dispatcher,
                                        std::move(*Wakeup::create()));
  }
  void TearDown() override { ::unsetenv("PORCHLIGHT_MODELS"); }
  void start() {
    worker = std::make_unique<Worker>(
        "vision", clock, [this](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); });
  }
  void examine(const media::Image& photo) {
    ASSERT_TRUE(lane->examine({photo, FaceWanted::every, clock.now() + 24h,
                               [this](Examined examined) { answers.add(std::move(examined)); }}));
  }
  // With models loaded and one photograph behind it.
  void start_and_look_at(const media::Image& photo) {
    start();
    examine(photo);
    ASSERT_TRUE(answers.wait_for(1));
    ASSERT_TRUE(answers.list[0].ok()) << answers.list[0].error().text();
  }
  // Before a camera that shows nothing, so that only the deadline answers.
  void ring() {
    event::Ring ring;
    ring.header = event::make_header(clock);
    ring.camera_id = "front";
    ASSERT_TRUE(lane->expectations().push(ring));
  }
  void wait_until_taken() {
    while (!lane->expectations().empty()) std::this_thread::sleep_for(1ms);
  }
  static media::Image decoded(const std::string& file) {
    return *media::decode_photo({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
  }

  SimulatedClock clock;
  telemetry::ClosedSets sets;
  std::unique_ptr<telemetry::Metrics> metrics;
  telemetry::Health health{clock};
  Wakeup store_wakeup = std::move(*Wakeup::create());
  StoreQueue jobs{64, store_wakeup};
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<VisionLane> lane;
  Answers answers;
  std::unique_ptr<Worker> worker;
};

TEST_F(VisionLaneTest, APhotographWaitsWhileARingDoes) {
  const auto file = picture("no_face.jpg");
  if (file.empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  const auto photo = decoded(file);
  ASSERT_NO_FATAL_FAILURE(start_and_look_at(photo));
  ring();
  wait_until_taken();
  examine(photo);
  std::this_thread::sleep_for(500ms);  // several rounds of the lane
  EXPECT_EQ(answers.count(), 1U) << "a photograph was looked at before the ring was answered";
  clock.advance(11s);
  EXPECT_TRUE(answers.wait_for(2)) << "and it was forgotten afterwards";
}

// The faces of `photo`, so many times beside each other.
media::Image repeated(const media::Image& photo, int across, int down) {
  media::Image wide{photo.width * across, photo.height * down, 3, 0, {}};
  wide.stride = static_cast<std::size_t>(wide.width) * 3;
  const auto row_bytes = static_cast<std::size_t>(photo.width) * 3;
  for (int y = 0; y < wide.height; ++y)
    for (int x = 0; x < across; ++x) {
      const auto* row = photo.pixels.data() + static_cast<std::size_t>(y % photo.height) * photo.stride;
      wide.pixels.insert(wide.pixels.end(), row, row + row_bytes);
    }
  return wide;
}

TEST_F(VisionLaneTest, ARingPutsAPhotographAsideThatIsBeingLookedAt) {
  const auto file = picture("two_faces.jpg");
  if (file.empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  const auto crowd = repeated(decoded(file), 3, 2);
  ASSERT_NO_FATAL_FAILURE(start_and_look_at(crowd));
  ASSERT_GE(answers.list[0]->size(), 4U) << "too few to be interrupted between";
  // Who does not look up takes the ring after the answer only, each time.
  bool put_aside = false;
  for (int i = 0; i < 20 && !put_aside; ++i) {
    const auto before = answers.count();
    examine(crowd);
    while (!lane->examinations().empty()) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);  // it is being looked at
    ring();
    wait_until_taken();
    put_aside = answers.count() == before;
    clock.advance(11s);
    ASSERT_TRUE(answers.wait_for(before + 1)) << "it was forgotten";
    ASSERT_TRUE(answers.list.back().ok()) << answers.list.back().error().text();
    EXPECT_EQ(answers.list.back()->size(), answers.list[0]->size());
  }
  EXPECT_TRUE(put_aside) << "the ring waited for the photograph";
}

TEST_F(VisionLaneTest, SwitchingFacesOffAnswersWhoWaits) {
  const auto file = picture("no_face.jpg");
  if (file.empty()) GTEST_SKIP() << "no pictures";
  if (!models_are_there()) GTEST_SKIP() << "no face models";
  const auto photo = decoded(file);
  ASSERT_NO_FATAL_FAILURE(start_and_look_at(photo));
  ring();
  wait_until_taken();
  examine(photo);  // the next one
  while (!lane->examinations().empty()) std::this_thread::sleep_for(1ms);
  examine(photo);  // and one in the queue
  worker.reset();
  ASSERT_EQ(answers.count(), 1U);
  vision::FaceOptions changed;
  changed.threshold *= 0.9F;
  lane->configure(changed);
  EXPECT_EQ(answers.count(), 1U) << "they may still be looked at";
  changed.enabled = false;
  lane->configure(changed);
  ASSERT_EQ(answers.count(), 3U);
  for (std::size_t i = 1; i < 3; ++i) {
    ASSERT_FALSE(answers.list[i].ok());
    EXPECT_EQ(answers.list[i].error().code(), ErrorCode::unavailable);
    EXPECT_NE(answers.list[i].error().text().find("switched off"), std::string::npos);
  }
}

}  // namespace
}  // namespace porchlight::pipeline
