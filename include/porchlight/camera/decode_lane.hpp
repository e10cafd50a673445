// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/camera/kept_packets.hpp"
#include "porchlight/camera/packet_queue.hpp"
#include "porchlight/media/decoder.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::camera {

// Somebody who looks at every picture as it is decoded, on the decode thread, and says how many that must be.
// All functions are there.
struct Onlooker {
  // False: keyframes are enough for the moment. Asked at each packet.
  std::function<bool()> wants_all;
  // Also what was passed over, once it is decoded after all: then time goes back for a while.
  std::function<void(const media::FramePtr&)> look;
  std::function<void()> restart;  // what comes now is of another stream
  std::function<void()> idle;     // about every 100 ms while nothing comes
  std::function<void()> finish;   // nothing will come any more
  bool compares = true;           // keyframes, at rest; false: a picture must only be at hand
};

// The loop that keeps one camera's stream decoded: takes packets, posts every picture to each mailbox
// (newest wins there) and tells the ingest that pictures come out. Frame numbers go up over
// reconnects; after a gap or a new stream it waits for a keyframe. run() belongs to one thread, which
// is the mailboxes' producer.
//
// While the onlooker does not want them all, it rests: only keyframes are decoded (one in 0.9 s at most), and
// what lies between is kept. When the onlooker changes its mind over a keyframe, what led to it is decoded
// too; when at another time, what came since the last keyframe. A camera whose keyframes are too far apart (4
// s, or half of its `stall`) is not rested. Where nobody compares keyframes, one in four seconds is decoded,
// as far as that lets one be at hand, by a decoder that is closed again: what it works in is most of a
// camera's memory.
class DecodeLane {
 public:
  using FrameBox = Mailbox<media::FramePtr>;

  // All references outlive the lane.
  DecodeLane(PacketQueue& packets, Ingest& ingest, std::vector<FrameBox*> boxes, telemetry::Metrics& metrics,
             int threads = 1, std::optional<Onlooker> onlooker = {});

  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread: of the pictures that the decoder keeps as references or that were delivered and are still
  // used somewhere.
  std::size_t picture_bytes() const noexcept { return pictures_->bytes(); }
  // Any thread: of the packets that were passed over and can still be decoded after all.
  std::size_t kept_bytes() const noexcept { return kept_.bytes(); }

 private:
  // What interrupts long work, and whom it tells that it goes on.
  struct Turn {
    const std::stop_token& stop;
    Heartbeat& heartbeat;
  };
  void take(const media::PacketPtr& packet, const Turn& turn);
  bool may_rest(const media::Packet& keyframe) const;
  bool compares() const noexcept { return !onlooker_ || onlooker_->compares; }
  bool is_overdue(MonotonicTime at) const;
  bool is_due(const media::Packet& keyframe) const;
  bool passes_over(const media::PacketPtr& packet, const Turn& turn);
  void rest_at(const media::PacketPtr& keyframe, const Turn& turn);
  void catch_up(const std::vector<media::PacketPtr>& passed_over, const Turn& turn);
  void decode(const media::PacketPtr& packet);
  bool follow(const media::PacketPtr& packet);
  bool have_decoder(const media::PacketPtr& packet);
  bool open();
  void deliver(media::FramePtr frame);
  void report();

  PacketQueue& packets_;
  Ingest& ingest_;
  const std::vector<FrameBox*> boxes_;
  const int threads_;
  const std::shared_ptr<media::PictureMemory> pictures_ = std::make_shared<media::PictureMemory>();
  const std::optional<Onlooker> onlooker_;
  const std::chrono::nanoseconds longest_gap_;  // between keyframes, when resting
  const telemetry::Logger log_;
  telemetry::Counter dropped_;
  telemetry::Counter decode_errors_;
  telemetry::Histogram capture_;  // from a packet's arrival to its picture
  // decode thread only
  std::optional<media::Decoder> decoder_;
  std::shared_ptr<const media::StreamInfo> stream_;
  bool refused_ = false;  // no decoder for this stream
  bool resting_ = false;
  bool catching_up_ = false;
  std::optional<MonotonicTime> last_keyframe_;  // decoded
  MonotonicTime seen_keyframe_{};               // at rest: decoded or passed over
  MonotonicTime posted_{};
  KeptPackets kept_;
  std::uint64_t next_number_ = 0;
  std::uint64_t lost_seen_ = 0;
  std::uint64_t errors_seen_ = 0;
};

}  // namespace porchlight::camera
