// SPDX-License-Identifier: Apache-2.0
#include "pipeline/motion_watch.hpp"

#include <utility>

namespace porchlight::pipeline {
namespace {

// At rest vision gets no more: a stream of keyframes only (MJPEG) would have it search all the time. As the
// decode lane rests.
constexpr std::chrono::milliseconds rest_pace{900};

}  // namespace

MotionWatch::MotionWatch(const camera::CameraOptions& options, const Clock& clock,
                         telemetry::Metrics& metrics, CameraView& view, Tell tell)
    : options_(options),
      clock_(clock),
      view_(view),
      tell_(std::move(tell)),
      detected_(metrics.counter("motion_events_detected_total", {{"camera_id", options.id}})),
      took_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "motion_detection"}})),
      meter_(metrics, "motion") {
  if (options.motion) gate_.emplace(vision::MotionOptions{options.zones, options.masks});
}

camera::Onlooker MotionWatch::onlooker() {
  return {[this] { return wants_all(); },
          [this](const media::FramePtr& frame) { look(frame); },
          [this] {
            if (gate_) gate_->restart();
          },
          [this] {
            if (gate_) news(gate_->tick(clock_.now()), nullptr);
          },
          [this] {
            if (gate_) news(gate_->finish(), nullptr);
          },
          gate_.has_value()};
}

bool MotionWatch::wants_all() const noexcept {
  if (view_.has_button.load(std::memory_order_relaxed) || view_.wanted.load(std::memory_order_relaxed) ||
      view_.watched.load(std::memory_order_relaxed))
    return true;
  return gate_ ? gate_->wants_all() : is_searched();
}

bool MotionWatch::is_searched() const noexcept {
  return view_.searched.load(std::memory_order_relaxed);
}

void MotionWatch::look(const media::FramePtr& frame) {
  if (gate_) {
    meter_.enqueued();
    InferenceMeter::Work work(meter_);  // a look that throws has failed
    news(gate_->look(*frame), frame);
    work.succeeded();
    took_.observe(std::chrono::duration<double>(work.took()).count());
  }
  const bool active = is_active();
  view_.at_rest.store(!active, std::memory_order_relaxed);
  if (!is_for_vision(*frame, active)) return;
  posted_ = frame->arrived;
  view_.for_vision.post(frame);
}

// Else nobody moves and nobody is waited for: a look at a keyframe now and then will do.
bool MotionWatch::is_active() const noexcept {
  return !gate_ || gate_->moving() || view_.wanted.load(std::memory_order_relaxed);
}

// What was passed over and is decoded after all is the gate's alone, as far as vision has seen what came
// after it.
bool MotionWatch::is_for_vision(const media::Frame& frame, bool active) const {
  // A picture in a mailbox that nobody empties is memory for nothing.
  if (!is_searched() || (posted_ && frame.arrived <= *posted_)) return false;
  if (active) return true;
  return frame.keyframe && (!posted_ || frame.arrived - *posted_ >= rest_pace);
}

void MotionWatch::news(std::optional<vision::MotionNews> news, const media::FramePtr& picture) {
  if (!news) return;
  if (!news->ended) {
    const auto at = wall_of(news->start);
    header_ = {event::EventId::generate(at), at, news->start, event::TraceContext::start()};
    detected_.increment();
  }
  view_.moving.store(!news->ended, std::memory_order_relaxed);
  event::Motion motion;
  motion.header = header_;
  motion.camera_id = options_.id;
  // By the clock of its beginning: a step of the wall clock in between is no part of it.
  if (news->ended)
    motion.ended = header_.at + std::chrono::duration_cast<WallTime::duration>(news->end - header_.edge);
  for (const auto zone : news->zones)
    motion.zones.push_back({options_.zones[zone].id, options_.zones[zone].name});
  motion.track = std::move(news->track);
  tell_(std::move(motion), news->ended ? nullptr : picture);
}

WallTime MotionWatch::wall_of(MonotonicTime at) const {
  return clock_.wall() - std::chrono::duration_cast<WallTime::duration>(clock_.now() - at);
}

}  // namespace porchlight::pipeline
