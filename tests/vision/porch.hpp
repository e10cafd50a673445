// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "porchlight/vision/watcher.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {

using namespace std::chrono_literals;

inline constexpr int door_width = 640;
inline constexpr int door_height = 480;

inline telemetry::ClosedSets closed_sets() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"front"};
  sets.model_versions = model_versions();
  return sets;
}

// A porch before which faces walk, in simulated time, at ten frames a second.
class WatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!engine_or_skip()) GTEST_SKIP() << "no face models in '" << models().string() << "'";
    auto engine = FaceEngine::create(models(), {}, &metrics_);
    ASSERT_TRUE(engine.ok()) << engine.error().text();
    engine_ = std::move(engine).value();
    watcher_ = std::make_unique<Watcher>(*engine_, nullptr, WatchOptions{}, clock_, metrics_);
    door_face_ = resized(visitor_at_door(), 300, 300);
    stranger_face_ = resized(stranger(), 300, 300);
  }

  Person enrolled(const std::string& name, ListedAs listed_as = ListedAs::known) {
    const auto shot = engine_->largest_shot(visitor_enrolled());
    EXPECT_TRUE(shot.ok() && *shot);
    return {name, listed_as, {(*shot)->embedding}};
  }
  void enrol(std::vector<Person> people) {
    watcher_->set_gallery(std::make_shared<const Gallery>(std::move(people)));
  }

  media::FramePtr porch(const std::vector<std::pair<const media::Image*, int>>& faces) {
    auto picture = blank(door_width, door_height, 96);
    for (const auto& [face, left] : faces) paste(*face, picture, left, 120);
    return frame_of(picture);
  }

  // Shows `frame` for `seconds`; what the watcher said is appended to seen_.
  void show(const media::FramePtr& frame, double seconds) {
    for (int i = 0; i < static_cast<int>(seconds * 10); ++i) step(frame);
  }
  void step(const media::FramePtr& frame) {
    auto seen = watcher_->on_frame("front", frame);
    ASSERT_TRUE(seen.ok()) << seen.error().text();
    std::ranges::move(*seen, std::back_inserter(seen_));
    clock_.advance(100ms);
    std::ranges::move(watcher_->tick(), std::back_inserter(seen_));
  }
  double refused(event::Refusal reason) {
    const std::string label(event::to_string(reason));
    return metrics_.counter("face_shots_refused_total", {{"reason", label}}).value();
  }
  double embeddings() {
    const std::string label(model_version);
    return metrics_.counter("ml_predictions_total", {{"model_version", label}}).value();
  }
  // How many of its predictions were booked with their confidence.
  double confidences(std::string_view version) {
    const auto text = metrics_.exposition();
    const auto line = "\nml_prediction_confidence_count{model_version=\"" + std::string(version) + "\"} ";
    const auto at = text.find(line);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }
  event::Ring ring() {
    event::Ring ring;
    ring.header = event::make_header(clock_);
    ring.camera_id = "front";
    return ring;
  }
  void expect(const event::Ring& ring, std::chrono::milliseconds patience) {
    std::ranges::move(watcher_->expect_ring(ring, clock_.now() + patience), std::back_inserter(seen_));
  }
  std::vector<Seen> of_visits() const {
    std::vector<Seen> out;
    for (const auto& seen : seen_) {
      if (!seen.sighting.ring_id) out.push_back(seen);
    }
    return out;
  }
  std::vector<Seen> of_rings() const {
    std::vector<Seen> out;
    for (const auto& seen : seen_) {
      if (seen.sighting.ring_id) out.push_back(seen);
    }
    return out;
  }

  SimulatedClock clock_;
  telemetry::Metrics metrics_{closed_sets()};
  std::unique_ptr<FaceEngine> engine_;
  std::unique_ptr<Watcher> watcher_;
  std::vector<Seen> seen_;
  media::Image door_face_;
  media::Image stranger_face_;
};

}  // namespace porchlight::vision
