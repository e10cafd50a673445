// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "porchlight/config/document.hpp"

namespace porchlight::camera {

enum class SourceKind : std::uint8_t { rtsp, file };

struct CameraOptions {
  std::string id;
  std::string name;
  SourceKind kind = SourceKind::rtsp;
  std::string url;                          // without user and password; its query may hold a token
  std::string user;                         // from the URL or the key, decoded
  std::string password;                     // never printed anywhere
  double expected_fps = 0;                  // frames/s; 0: as the camera announces
  std::chrono::milliseconds stall{10'000};  // no decoded frame for so long: reconnect
  bool enabled = true;
  bool loop = true;                   // file only
  std::string printable_url() const;  // without the query
  bool operator==(const CameraOptions&) const = default;
};

// Reads the list at `cameras`; every fault goes to the document's faults, and a camera with a fault is
// still returned as far as it could be read.
std::vector<CameraOptions> read_cameras(config::Section& root);

}  // namespace porchlight::camera
