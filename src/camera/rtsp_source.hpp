// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

namespace porchlight::camera {

// RTSP (RFC 2326) with RTP interleaved in its TCP connection: nothing is lost on the way, and nothing
// but the one port must be open. On request the pictures come by UDP: nothing waits for what is lost.
class RtspSource final : public Source {
 public:
  // Both outlive the source.
  RtspSource(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  const CameraOptions& options_;
  Clock& clock_;
};

}  // namespace porchlight::camera
