// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "pipeline/camera_table.hpp"
#include "porchlight/live/picture_lane.hpp"
#include "porchlight/media/jpeg.hpp"
#include "porchlight/pipeline/picture.hpp"
#include "porchlight/telemetry/cache_meter.hpp"

namespace porchlight::pipeline {

// Makes JPEGs of the cameras' newest frames for those who look. Keeps the newest of each camera encoded
// and no frame. One for each thread that makes pictures, which empties a mailbox of its own.
class PictureDesk {
 public:
  using Box = Mailbox<media::FramePtr> CameraView::*;

  // Its JPEGs are in the cache `thumbnail` of the metrics, which outlive the desk.
  PictureDesk(const Clock& clock, Box box, telemetry::Metrics& metrics)
      : clock_(clock), box_(box), cache_(metrics, "thumbnail") {}

  void set_cameras(CameraTablePtr table) { new_cameras_.post(std::move(table)); }  // main thread

  // The desk's thread. ErrorCode::not_found, unavailable (no frame of the last 5 s), decode.
  Result<CameraPicture> picture(const std::string& camera_id);
  // The same, and when its packet arrived.
  Result<live::Jpeg> jpeg(const std::string& camera_id);
  // Somebody is shown the camera: every picture of it is decoded.
  void set_watched(const std::string& camera_id, bool watched);

 private:
  void take_cameras();
  bool is_fresh(const std::string& camera_id) const;
  void forget(const std::string& camera_id);
  void measure();
  Result<live::Jpeg> encode(const media::Frame& frame);

  const Clock& clock_;
  const Box box_;
  Mailbox<CameraTablePtr> new_cameras_;
  // desk's thread only
  CameraTablePtr cameras_ = std::make_shared<const CameraTable>();
  std::optional<media::JpegEncoder> encoder_;
  std::map<std::string, live::Jpeg> newest_;
  telemetry::CacheMeter cache_;
};

}  // namespace porchlight::pipeline
