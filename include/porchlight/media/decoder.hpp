// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/media/picture_memory.hpp"

namespace porchlight::media {

struct CodecNotes;

// Decodes one video stream with low delay. Thread-bound.
//
// Damaged input is no failure of the call: it is counted, nothing damaged is ever delivered, and after
// damage everything is skipped up to the next keyframe, because what follows refers to the damage.
// At most `frame_limit` delivered frames may be alive at once; beyond that new ones are counted and
// thrown away, so that a consumer that hoards frames cannot eat the memory.
class Decoder {
 public:
  using Deliver = std::function<void(FramePtr)>;
  static constexpr int frame_limit = 24;
  // A parameter set may claim any size; a larger picture counts as damaged.
  static constexpr std::int64_t most_pixels = std::int64_t{4096} * 4096;

  // `next_number` continues the camera's count of frames over a new stream. Fails with `unsupported`
  // when libavcodec has no decoder for the codec.
  // `memory`, where given, is told of every picture the decoder keeps or has delivered.
  static Result<Decoder> create(const StreamInfo& stream, int threads = 1, std::uint64_t next_number = 0,
                                std::shared_ptr<PictureMemory> memory = nullptr);
  Decoder(Decoder&&) noexcept = default;
  // Member by member the notes would go before the codec that points at them.
  Decoder& operator=(Decoder&&) = delete;

  // Calls `deliver` for each frame that came out, in display order. Returns an Error only when the
  // decoder itself broke (out of resources): make a new one.
  Status decode(const Packet& packet, const Deliver& deliver);
  // Delivers what is still inside, then waits for a keyframe.
  Status flush(const Deliver& deliver);
  // After a gap in the packets: forget the references, wait for a keyframe.
  void reset();

  bool waiting_for_keyframe() const noexcept { return waiting_; }
  std::uint64_t next_number() const noexcept { return next_number_; }
  // frames/s as the coded stream says it; 0 before the first picture, or when it does not.
  double announced_fps() const noexcept;
  // Damaged packets or frames.
  std::uint64_t errors() const noexcept { return errors_; }
  // Pictures that came in and never went out: damaged, skipped while waiting, or over the limit.
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  struct Arrival {
    std::int64_t pts = 0;
    MonotonicTime at{};
  };

  Decoder(std::shared_ptr<CodecNotes> notes, AvCodec codec, std::uint64_t next_number);
  Status receive(const Deliver& deliver);
  void note_missing_references();
  void take(AvFrame picture, const Deliver& deliver);
  void damaged();
  MonotonicTime arrival_of(const AVFrame& picture) const;

  std::shared_ptr<CodecNotes> notes_;  // the codec points at them: they outlive it
  AvCodec codec_;
  std::shared_ptr<std::atomic<int>> alive_ = std::make_shared<std::atomic<int>>(0);  // frames delivered
  std::array<Arrival, 32> arrivals_{};  // of the newest packets; libav reorders, we look the pts up
  std::size_t next_arrival_ = 0;
  MonotonicTime newest_arrival_{};
  bool waiting_ = true;
  std::uint64_t next_number_;
  std::uint64_t delivered_ = 0;
  std::uint64_t missing_seen_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace porchlight::media
