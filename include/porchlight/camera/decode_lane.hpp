// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/camera/packet_queue.hpp"
#include "porchlight/media/decoder.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::camera {

// The loop that keeps one camera's stream decoded: takes packets, posts every picture to each mailbox
// (newest wins there) and tells the ingest that pictures come out. Frame numbers go up over
// reconnects; after a gap or a new stream it waits for a keyframe. run() belongs to one thread, which
// is the mailboxes' producer.
class DecodeLane {
 public:
  using FrameBox = Mailbox<media::FramePtr>;

  // All references outlive the lane.
  DecodeLane(PacketQueue& packets, Ingest& ingest, std::vector<FrameBox*> boxes, telemetry::Metrics& metrics,
             int threads = 1);

  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread: of the pictures that the decoder keeps as references or that were delivered and are still
  // used somewhere.
  std::size_t picture_bytes() const noexcept { return pictures_->bytes(); }

 private:
  void decode(const media::PacketPtr& packet);
  bool follow(const media::PacketPtr& packet);
  void deliver(media::FramePtr frame);
  void report();

  PacketQueue& packets_;
  Ingest& ingest_;
  const std::vector<FrameBox*> boxes_;
  const int threads_;
  const std::shared_ptr<media::PictureMemory> pictures_ = std::make_shared<media::PictureMemory>();
  const telemetry::Logger log_;
  telemetry::Counter dropped_;
  telemetry::Counter decode_errors_;
  telemetry::Histogram capture_;  // from a packet's arrival to its picture
  // decode thread only
  std::optional<media::Decoder> decoder_;
  std::shared_ptr<const media::StreamInfo> stream_;
  bool refused_ = false;  // no decoder for this stream
  std::uint64_t next_number_ = 0;
  std::uint64_t lost_seen_ = 0;
  std::uint64_t errors_seen_ = 0;
};

}  // namespace porchlight::camera
