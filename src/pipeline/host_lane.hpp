// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

#include "pipeline/camera_unit.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/host/sampler.hpp"
#include "porchlight/observe/health_score.hpp"

namespace porchlight::pipeline {

using CameraUnits = std::vector<std::shared_ptr<CameraUnit>>;
using CameraUnitsPtr = std::shared_ptr<const CameraUnits>;

// The timer that shows in the metrics what the machine and the cameras' workers use, and the score that is
// made of such numbers: every five seconds, so that a scrape asks the kernel nothing.
class HostLane {
 public:
  // `folder`: storage.path, `recordings`: storage.recordings. Clock and metrics outlive the lane.
  HostLane(std::filesystem::path folder, std::filesystem::path recordings, Clock& clock,
           telemetry::Metrics& metrics);

  void set_cameras(CameraUnitsPtr cameras) { new_cameras_.post(std::move(cameras)); }  // main thread

  void run(std::stop_token stop, Heartbeat& heartbeat);

 private:
  void show();
  observe::ScoreTotals totals(const telemetry::Samples& samples) const;

  const std::filesystem::path folder_;
  Clock& clock_;
  telemetry::Metrics& metrics_;
  Mailbox<CameraUnitsPtr> new_cameras_;
  // lane's thread
  host::Sampler sampler_;
  observe::HealthScore score_;
  CameraUnitsPtr cameras_ = std::make_shared<const CameraUnits>();
};

}  // namespace porchlight::pipeline
