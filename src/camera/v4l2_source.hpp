// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "source.hpp"

namespace porchlight::camera {

// A camera of this machine: H.264, MJPEG, or YUYV, which goes on as planar pictures. When the device is
// pulled out the run ends with `not_found`; the ingest tries again until it is back.
class V4l2Source final : public Source {
 public:
  // Both outlive the source.
  V4l2Source(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  const CameraOptions& options_;
  Clock& clock_;
};

// Whether an access unit of a byte stream (H.264, Annex B) begins anew: parameter sets or an IDR picture
// before any other slice.
bool is_h264_keyframe(const std::uint8_t* data, std::size_t size) noexcept;

}  // namespace porchlight::camera
