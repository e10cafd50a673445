// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/snapshot_folder.hpp"

namespace porchlight::pipeline {

// What a camera sees now.
struct CameraPicture {
  store::JpegBytes jpeg;
  WallTime taken{};  // when its packet arrived
};

struct CameraCondition {
  std::string id;
  std::string name;
  std::string state;  // `status` of camera_connection_state
};

}  // namespace porchlight::pipeline
