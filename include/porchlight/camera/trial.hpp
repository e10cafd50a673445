// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::camera {

struct Sight {
  std::string codec;
  int width = 0;  // pixels
  int height = 0;
  std::chrono::nanoseconds took{};  // from the first look-up to the first picture
  media::FramePtr frame;            // that picture
};

// Opens a camera once, on the calling thread, until one picture is decoded, and closes it again.
// Returns within `limit`, and the time that a look-up of its name needs. Errors:
//   not_found    no such path at the camera, no such file; invalid_argument: its name has no address
//   network      not reached, refused, or no answer
//   auth         user or password refused
//   timeout      connected, and nothing was sent
//   decode       something was sent, and no picture came out of it
//   unsupported  no decoder for what it sends
//   cancelled    stop was requested
Result<Sight> try_camera(const CameraOptions& options, Clock& clock, std::chrono::milliseconds limit,
                         std::stop_token stop = {});

}  // namespace porchlight::camera
