// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pipeline/camera_table.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/motion_watch.hpp"
#include "pipeline/work_meter.hpp"
#include "porchlight/camera/decode_lane.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/camera/packet_queue.hpp"
#include "porchlight/host/sampler.hpp"

namespace porchlight::pipeline {

// Everything of one camera: ingest → packets → decoder and motion gate → the lanes' mailboxes. Its two
// workers must have ended before it is destroyed.
class CameraUnit {
 public:
  // All references outlive the unit.
  static Result<std::shared_ptr<CameraUnit>> create(const camera::CameraOptions& options, Clock& clock,
                                                    telemetry::Metrics& metrics, Dispatcher& dispatcher,
                                                    Wakeup& vision);

  const std::string& id() const noexcept { return view_->id; }
  const std::shared_ptr<CameraView>& view() const noexcept { return view_; }
  camera::Ingest& ingest() noexcept { return ingest_; }
  camera::DecodeLane& decode() noexcept { return decode_; }
  camera::PacketQueue& packets() noexcept { return *packets_; }

  // The two loops, each for its worker's thread.
  void run_ingest(std::stop_token stop, Heartbeat& heartbeat);
  void run_decode(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread.
  host::WorkerFigures figures(MonotonicTime now) const;

 private:
  CameraUnit(const camera::CameraOptions& options, Clock& clock, telemetry::Metrics& metrics,
             Dispatcher& dispatcher, Wakeup& vision, std::unique_ptr<camera::PacketQueue> packets);

  const std::shared_ptr<CameraView> view_;
  const std::unique_ptr<camera::PacketQueue> packets_;
  camera::Ingest ingest_;
  MotionWatch motion_;
  camera::DecodeLane decode_;
  WorkMeter ingest_meter_;
  WorkMeter decode_meter_;
};

}  // namespace porchlight::pipeline
