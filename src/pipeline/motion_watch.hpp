// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "pipeline/camera_table.hpp"
#include "pipeline/inference_meter.hpp"
#include "porchlight/camera/decode_lane.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/motion_gate.hpp"

namespace porchlight::pipeline {

// The onlooker of a camera: the motion gate, its events, and which pictures the vision lane gets. Decode
// thread.
class MotionWatch {
 public:
  // A motion that begins comes with the picture that made it sure; its end without one.
  using Tell = std::function<void(event::Motion motion, media::FramePtr picture)>;

  // References outlive the watch.
  MotionWatch(const camera::CameraOptions& options, const Clock& clock, telemetry::Metrics& metrics,
              CameraView& view, Tell tell);

  camera::Onlooker onlooker();

 private:
  bool wants_all() const noexcept;
  bool is_searched() const noexcept;
  void look(const media::FramePtr& frame);
  bool is_active() const noexcept;
  bool is_for_vision(const media::Frame& frame, bool active) const;
  void news(std::optional<vision::MotionNews> news, const media::FramePtr& picture);
  WallTime wall_of(MonotonicTime at) const;

  const camera::CameraOptions options_;
  const Clock& clock_;
  CameraView& view_;
  const Tell tell_;
  telemetry::Counter detected_;
  telemetry::Histogram took_;
  InferenceMeter meter_;
  std::optional<vision::MotionGate> gate_;  // nothing: motion is switched off
  event::Header header_;                    // of the motion that goes on
  std::optional<MonotonicTime> posted_;     // the newest picture that vision got
};

}  // namespace porchlight::pipeline
