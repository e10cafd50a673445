// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "porchlight/media/av.hpp"
#include "source.hpp"

namespace porchlight::camera {

class Guard;
class Input;

// A recorded clip that behaves like a camera: its packets leave at their own timestamps in real time,
// and after the end it begins again with timestamps that go on. Each round opens the file anew: not
// every container can be rewound without losing pictures.
class FileSource final : public Source {
 public:
  // Both outlive the source.
  FileSource(const CameraOptions& options, Clock& clock) : options_(options), clock_(clock) {}
  Error run(const PacketSink& sink, std::stop_token stop) override;

 private:
  // Timestamps of the endless stream, in the file's time base.
  struct Timeline {
    std::shared_ptr<const media::StreamInfo> stream;  // of the first round, while later ones are alike
    std::int64_t frame_step = 1;                      // where a packet has no duration
    std::int64_t offset = 0;                          // added to the file's own, this round
    std::int64_t end = 0;                             // where the pictures so far end
    std::optional<std::int64_t> first;                // decoding time of the first packet
    std::int64_t last = 0;                            // and of the newest
    std::shared_ptr<const media::StreamInfo> sound;   // as `stream`; null: none
    std::optional<std::int64_t> sound_end;            // of what was heard so far, in the sound's time base
    MonotonicTime begun{};
  };

  Error play(const PacketSink& sink, Guard& guard, const std::stop_token& stop, Timeline& line) const;
  void follow(Timeline& line, const std::shared_ptr<const media::StreamInfo>& stream) const;
  void follow_sound(Timeline& line, const std::shared_ptr<const media::StreamInfo>& sound) const;
  bool place_sound(AVPacket& packet, Timeline& line) const;
  void place(AVPacket& packet, Timeline& line, bool first_of_round) const;
  bool keep_time(Timeline& line, Guard& guard, const std::stop_token& stop) const;

  const CameraOptions& options_;
  Clock& clock_;
};

}  // namespace porchlight::camera
