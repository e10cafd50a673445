// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "pipeline/camera_table.hpp"
#include "porchlight/media/jpeg.hpp"
#include "porchlight/pipeline/picture.hpp"

namespace porchlight::pipeline {

// Makes JPEGs of the cameras' newest frames for those who look. Keeps the newest of each camera encoded
// and no frame.
class PictureDesk {
 public:
  explicit PictureDesk(const Clock& clock) : clock_(clock) {}

  void set_cameras(CameraTablePtr table) { new_cameras_.post(std::move(table)); }  // main thread

  // Library's thread. ErrorCode::not_found, unavailable (no frame of the last 5 s), decode.
  Result<CameraPicture> picture(const std::string& camera_id);

 private:
  struct Made {
    CameraPicture picture;
    MonotonicTime arrived{};
  };
  Result<Made> encode(const media::Frame& frame);

  const Clock& clock_;
  Mailbox<CameraTablePtr> new_cameras_;
  // library's thread only
  CameraTablePtr cameras_ = std::make_shared<const CameraTable>();
  std::optional<media::JpegEncoder> encoder_;
  std::map<std::string, Made> newest_;
};

}  // namespace porchlight::pipeline
