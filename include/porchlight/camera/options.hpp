// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/config/document.hpp"
#include "porchlight/media/polygon.hpp"

namespace porchlight::camera {

enum class SourceKind : std::uint8_t { rtsp, rtsps, file, v4l2, exec };
constexpr bool is_network(SourceKind kind) noexcept {
  return kind == SourceKind::rtsp || kind == SourceKind::rtsps;
}
// How the pictures of an RTSP camera travel.
enum class Transport : std::uint8_t { tcp, udp };
// What a V4L2 device is asked to deliver; `automatic`: the first that it has of H.264, MJPEG, YUYV.
enum class PixelFormat : std::uint8_t { automatic, h264, mjpeg, yuyv };

// Where one stream of a camera is.
struct StreamAddress {
  SourceKind kind = SourceKind::rtsp;
  std::string url;                   // without user and password; its query may hold a token
  std::string user;                  // from the URL or the key, decoded
  std::string password;              // never printed anywhere
  std::vector<std::string> command;  // exec only: the program and its arguments, which may hold secrets

  // Without the query and without arguments.
  std::string printable_url() const;
  bool operator==(const StreamAddress&) const = default;
};

struct CameraOptions : StreamAddress {
  std::string id;
  std::string name;
  std::optional<StreamAddress> detect;      // a smaller stream of the same camera
  double expected_fps = 0;                  // frames/s; 0: as the camera announces
  std::chrono::milliseconds stall{10'000};  // no decoded frame for so long: reconnect
  bool enabled = true;
  bool loop = true;                             // file only
  Transport transport = Transport::tcp;         // rtsp only
  bool tls_verify = true;                       // these two: rtsps only
  std::string ca_file;                          // PEM; empty: the system's authorities
  PixelFormat format = PixelFormat::automatic;  // these four: v4l2 only
  int width = 0;                                // pixels; 0: see docs/cameras.md
  int height = 0;
  double fps = 0;                       // asked of the device; 0: 15
  bool motion = true;                   // movement is looked for
  std::vector<media::Zone> zones{};     // where it counts; none: everywhere
  std::vector<media::Polygon> masks{};  // where it does not
  bool audio = true;                    // the sound that the camera sends is taken, too

  // The same camera with the stream that is kept decoded: `detect` where there is one.
  CameraOptions watched() const;
  bool operator==(const CameraOptions&) const = default;
};

// Reads the list at `cameras`; every fault goes to the document's faults, and a camera with a fault is
// still returned as far as it could be read.
std::vector<CameraOptions> read_cameras(config::Section& root);

// The camera of a URL that stands in no file, with every other key at its default. Errors:
// invalid_argument.
Result<CameraOptions> camera_at(const std::string& url);

}  // namespace porchlight::camera
