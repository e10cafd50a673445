// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

namespace porchlight::camera {

class Guard;
class Program;

// A program that writes H.264 or H.265 (Annex B) or MPEG-TS to its standard output. Its pipe is read no
// faster than 120 pictures a second, so a program that floods waits for us; 8 MiB without a picture end
// it.
class ExecSource final : public Source {
 public:
  // Both outlive the source.
  ExecSource(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  Error read_pictures(Program& program, const PacketSink& sink, Guard& guard) const;

  const CameraOptions& options_;
  Clock& clock_;
};

}  // namespace porchlight::camera
