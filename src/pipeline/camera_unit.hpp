// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pipeline/camera_table.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/motion_watch.hpp"
#include "pipeline/run_drops.hpp"
#include "pipeline/work_meter.hpp"
#include "porchlight/camera/decode_lane.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/camera/packet_queue.hpp"
#include "porchlight/host/sampler.hpp"
#include "porchlight/live/lane.hpp"
#include "porchlight/record/recorder.hpp"

namespace porchlight::pipeline {

// Everything of one camera: ingest → packets → decoder and motion gate → the lanes' mailboxes; and packets →
// recorder, from the main stream's own ingest where another one is watched. Its workers must have ended
// before it is destroyed.
class CameraUnit {
 public:
  // All references outlive the unit. `recorder` may be null.
  static Result<std::shared_ptr<CameraUnit>> create(const camera::CameraOptions& options, Clock& clock,
                                                    telemetry::Metrics& metrics, Dispatcher& dispatcher,
                                                    Wakeup& vision, live::Lane& live,
                                                    std::shared_ptr<record::Recorder> recorder);

  const std::string& id() const noexcept { return view_->id; }
  const std::shared_ptr<CameraView>& view() const noexcept { return view_; }
  camera::Ingest& ingest() noexcept { return ingest_; }
  camera::DecodeLane& decode() noexcept { return decode_; }
  camera::PacketQueue& packets() noexcept { return *packets_; }
  record::Recorder* recorder() noexcept { return view_->recorder.get(); }  // null: not recorded
  // The main stream is opened for recording beside the one that is watched.
  bool has_main_ingest() const noexcept { return main_ingest_ != nullptr; }
  // After every worker ended: the camera's gauges have no meaning any more.
  void retire();

  // The loops, each for its worker's thread.
  void run_ingest(std::stop_token stop, Heartbeat& heartbeat);
  void run_decode(std::stop_token stop, Heartbeat& heartbeat);
  void run_main_ingest(std::stop_token stop, Heartbeat& heartbeat);
  void run_recorder(std::stop_token stop, Heartbeat& heartbeat);

  // What can be watched of it.
  static live::Sources sources_of(const std::shared_ptr<CameraUnit>& unit);

  // Main thread, now and then: camera_frames_dropped.
  void show_drops() { drops_.show(ingest_meter_.running_since().has_value()); }

  // Any thread.
  host::WorkerFigures figures(MonotonicTime now) const;

 private:
  CameraUnit(const camera::CameraOptions& options, Clock& clock, telemetry::Metrics& metrics,
             Dispatcher& dispatcher, Wakeup& vision, live::Lane& live,
             std::unique_ptr<camera::PacketQueue> packets, std::shared_ptr<record::Recorder> recorder);

  const std::shared_ptr<CameraView> view_;
  const std::unique_ptr<camera::PacketQueue> packets_;
  const std::shared_ptr<live::Feed> feed_;       // of the stream that ingest_ opens
  const std::shared_ptr<live::Feed> main_feed_;  // of that of main_ingest_; null: there is none
  camera::Ingest ingest_;
  std::unique_ptr<camera::Ingest> main_ingest_;
  MotionWatch motion_;
  camera::DecodeLane decode_;
  WorkMeter ingest_meter_;
  WorkMeter decode_meter_;
  RunDrops drops_;
};

}  // namespace porchlight::pipeline
