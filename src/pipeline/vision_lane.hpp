// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "pipeline/camera_table.hpp"
#include "pipeline/dispatcher.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/pipeline/examination.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/vision/gallery.hpp"
#include "porchlight/vision/options.hpp"
#include "porchlight/vision/watcher.hpp"

namespace porchlight::pipeline {

// Rings that wait for the answer who it is.
using ExpectQueue = SpscRing<event::Ring, QueueName::recognition, Overflow::drop_newest>;

// Photographs that somebody sent.
using ExaminationQueue = MpscRing<Examination, QueueName::face_detection, Overflow::refuse>;

// One thread that looks for faces on every camera: always the newest frame, never a queue of old
// ones. Loads its models on its own thread; while that fails it tries again, and rings go out without
// a name. Photographs are examined one at a time between two rounds over the cameras, and not while a
// ring waits for its answer: one that is being looked at is put aside when somebody rings.
class VisionLane {
 public:
  VisionLane(vision::FaceOptions options, const Clock& clock, telemetry::Metrics& metrics,
             telemetry::Health& health, Dispatcher& dispatcher, Wakeup wakeup);

  Wakeup& wakeup() noexcept { return wakeup_; }
  ExpectQueue& expectations() noexcept { return expectations_; }                   // dispatcher pushes
  void set_cameras(CameraTablePtr table) { new_cameras_.post(std::move(table)); }  // main thread
  void set_gallery(vision::GalleryPtr gallery) { new_gallery_.post(std::move(gallery)); }  // store thread

  // Any thread. unavailable: faces are switched off, or too many photographs wait.
  Status examine(Examination examination);
  const ExaminationQueue& examinations() const noexcept { return examinations_; }

  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Main thread, while nothing runs the lane. Faces off: what waits to be examined is answered unavailable.
  void configure(const vision::FaceOptions& options);

  // Main thread: answers what was queued at the moment of switching off. Does nothing while faces are on;
  // and off they are only once no worker reads the queue any more: configure() comes after a worker that
  // ended, never after one that was given up.
  void sweep();

  // Any thread.
  bool enabled() const noexcept { return enabled_.load(std::memory_order_relaxed); }
  std::size_t frames_waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

 private:
  bool needed();
  bool load();
  void take_cameras();
  void take_gallery();
  void take_news();
  bool anything_new() const;
  void look(Heartbeat& heartbeat);
  void tell_wishes();
  void examine_next(const std::stop_token& stop, Heartbeat& heartbeat);
  Examined look_at(const Examination& examination, const vision::FaceEngine::GoOn& go_on);
  Examined faces_of(const Examination& examination, std::vector<vision::Shot> shots) const;
  void refuse_examinations(const Error& why);
  void cannot_answer(const event::Ring& ring);
  void publish(std::vector<vision::Seen> seen);

  vision::FaceOptions options_;  // changes only while nothing runs the lane
  std::atomic<bool> enabled_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Health& health_;
  Dispatcher& dispatcher_;
  const telemetry::Logger log_{"doorbell.vision", telemetry::Component::ai};
  telemetry::Counter errors_;
  Wakeup wakeup_;
  ExpectQueue expectations_;
  ExaminationQueue examinations_;
  Mailbox<CameraTablePtr> new_cameras_;
  Mailbox<vision::GalleryPtr> new_gallery_;
  std::atomic<std::size_t> waiting_{0};
  // vision thread only
  MonotonicTime next_load_{};
  std::string load_fault_;
  std::optional<Examination> examination_;  // the next one
  std::unique_ptr<vision::FaceEngine> engine_;
  std::unique_ptr<vision::Watcher> watcher_;
  CameraTablePtr cameras_ = std::make_shared<const CameraTable>();
  vision::GalleryPtr gallery_ = std::make_shared<const vision::Gallery>();
};

}  // namespace porchlight::pipeline
