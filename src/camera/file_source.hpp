// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "porchlight/media/av.hpp"
#include "source.hpp"

namespace porchlight::camera {

class Guard;
class Input;

// A recorded clip that behaves like a camera: its packets leave at their own timestamps in real time,
// and after the end it begins again with timestamps that go on.
class FileSource final : public Source {
 public:
  // Both outlive the source.
  FileSource(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  // Timestamps of the endless stream, in the file's time base.
  struct Timeline {
    std::int64_t offset = 0;            // added to the file's own
    std::optional<std::int64_t> first;  // where the stream began
    std::int64_t last = 0;              // decoding time of the newest packet
    std::int64_t step = 1;              // its duration
    MonotonicTime begun{};
  };

  void place(AVPacket& packet, Timeline& line, bool first_of_pass, std::int64_t frame_step) const;
  bool wait_until(MonotonicTime due, Guard& guard, const std::stop_token& stop) const;
  Error play(Input& input, const PacketSink& sink, Guard& guard, const std::stop_token& stop) const;
  bool keep_time(Timeline& line, const media::StreamInfo& stream, Guard& guard,
                 const std::stop_token& stop) const;

  const CameraOptions& options_;
  Clock& clock_;
};

}  // namespace porchlight::camera
