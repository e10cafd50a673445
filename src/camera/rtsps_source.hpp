// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

namespace porchlight::camera {

// RTSP and its RTP inside of TLS. libavformat's own reader of rtsps: verifies no certificate and cannot be
// told to (FFmpeg 5.1), so connection and session are ours; libavformat makes pictures of the RTP.
class RtspsSource final : public Source {
 public:
  // Both outlive the source.
  RtspsSource(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  const CameraOptions& options_;
  Clock& clock_;
};

}  // namespace porchlight::camera
