// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "pipeline/camera_table.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/examination_desk.hpp"
#include "pipeline/inference_schedule.hpp"
#include "pipeline/model_keeper.hpp"
#include "pipeline/validation_desk.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/vision/gallery.hpp"
#include "porchlight/vision/options.hpp"
#include "porchlight/vision/watcher.hpp"

namespace porchlight::pipeline {

// Rings that wait for the answer who it is.
using ExpectQueue = SpscRing<event::Ring, QueueName::recognition, Overflow::drop_newest>;

// One thread that looks for faces on every camera: always the newest frame, never a queue of old ones. Whose
// turn it is says InferenceSchedule: a ring's camera comes first, and photographs wait while a ring does (one
// that is being looked at is put aside when somebody rings). The models are loaded on this thread, at the
// start or when somebody needs them, and dropped when nobody did for a while; where they cannot be used,
// rings go out without a name, and their answer says so at once.
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
  const ExaminationQueue& examinations() const noexcept { return photographs_.queue(); }
  // Any thread. unavailable: faces are switched off, or another one waits.
  Status validate(ModelValidation validation);
  const ValidationQueue& validations() const noexcept { return validations_.queue(); }

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
  void take_cameras();
  void take_gallery();
  bool have_models();
  bool needed() const;
  bool load_models();
  void tell_threshold();
  void drop_models();
  void round(const std::stop_token& stop, Heartbeat& heartbeat);
  void take_rings();
  void take_frames();
  void take_frame(const std::string& camera, CameraView& view, bool hurry);
  void search_next();
  void tell_wishes();
  bool validation_waits() const;
  void serve_validation();
  void serve_photograph(const std::stop_token& stop, Heartbeat& heartbeat);
  std::chrono::nanoseconds beat() const;
  bool anything_new() const;
  void cannot_answer(const event::Ring& ring);
  void publish(std::vector<vision::Seen> seen);
  void publish(const std::string& camera, Result<std::vector<vision::Seen>> seen);

  vision::FaceOptions options_;  // changes only while nothing runs the lane
  std::atomic<bool> enabled_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  Dispatcher& dispatcher_;
  const telemetry::Logger log_{"doorbell.vision", telemetry::Component::ai};
  telemetry::Counter errors_;
  Wakeup wakeup_;
  ExpectQueue expectations_;
  InferenceMeter meter_;
  ExaminationDesk photographs_;
  ValidationDesk validations_;
  Mailbox<CameraTablePtr> new_cameras_;
  Mailbox<vision::GalleryPtr> new_gallery_;
  std::atomic<std::size_t> waiting_{0};
  // vision thread only
  ModelKeeper models_;
  MonotonicTime last_need_{};
  InferenceSchedule schedule_;
  std::string told_threshold_;
  std::unique_ptr<vision::Watcher> watcher_;  // while the models are loaded
  CameraTablePtr cameras_ = std::make_shared<const CameraTable>();
  vision::GalleryPtr gallery_ = std::make_shared<const vision::Gallery>();
};

}  // namespace porchlight::pipeline
