// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/notify/house.hpp"
#include "porchlight/notify/words.hpp"
#include "porchlight/store/outbox.hpp"
#include "porchlight/store/snapshot_folder.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::notify {

// One message on its way to one channel: the outbox row, and the picture's bytes when it has one.
struct Message {
  store::OutboxRow row;
  store::JpegBytes picture;  // null: none
  // The ring's edge, for doorbell_ring_to_notification_seconds. Unknown after a restart; then the
  // wall clock's distance to row.happened is taken.
  std::optional<MonotonicTime> edge;
  // What a person reads: for the channels whose other side is one.
  Words words{};
  // What the other side called the earlier messages of this event, by sequence (see
  // Delivery::receipt); a sequence whose delivery is not known any more is missing.
  std::map<std::uint32_t, std::string> receipts{};
  // Comes from the outbox, after everything of its event that waits before it.
  bool reloaded = false;
  std::string request_id{};      // for the log and for calls to the other side
  std::string correlation_id{};  // likewise
  store::JpegBytes clip{};       // MP4, or QuickTime: see notify/clip_file.hpp; null: none
};

// What came of one attempt.
struct Delivery {
  enum class Kind : std::uint8_t {
    delivered,  // the other side has it
    retry,      // not now; `retry_after` when the other side named a time
    rejected    // never: repeating cannot help
  };
  Kind kind = Kind::delivered;
  std::optional<std::chrono::milliseconds> retry_after;
  ErrorCode code = ErrorCode::internal;  // of retry and rejected
  std::string text;                      // of retry and rejected; no credentials
  // Of delivered: what the other side calls the message, if a later one of the same event needs to
  // know (a Telegram message_id). Kept in the outbox.
  std::string receipt;

  static Delivery delivered(std::string receipt = {}) {
    Delivery delivery;
    delivery.receipt = std::move(receipt);
    return delivery;
  }
  static Delivery retry(ErrorCode code, std::string text,
                        std::optional<std::chrono::milliseconds> after = std::nullopt) {
    return {Kind::retry, after, code, std::move(text), {}};
  }
  static Delivery rejected(ErrorCode code, std::string text) {
    return {Kind::rejected, std::nullopt, code, std::move(text), {}};
  }
};

// A way to reach a person or a machine. Thread-bound. deliver() carries its own deadline and returns
// within ~100 ms of a stop request. The same message may come again (same event id and sequence)
// after a crash: a channel passes both on so that the receiver can tell.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual Delivery deliver(const Message& message, std::stop_token stop) = 0;
  // As far towards the other side as one can go without delivering anything. Under the same deadline.
  // not_found: the name has no address; auth: refused, or not who it should be; timeout, network.
  virtual Status reach(std::stop_token stop) = 0;

  // What follows is for a channel that keeps a connection open between deliveries. None of it may wait.
  // Once, before everything else: where to count what no delivery tells.
  virtual void count_in(telemetry::Metrics&) {}
  // Then, when there was a `former` of the same id and type, which was left for good: takes over what it
  // knows of the other side.
  virtual void inherit(Channel&) {}
  // The lane sleeps on it, too, and calls turn() when it can be read (or written, if that is wanted). -1:
  // none.
  virtual int descriptor() const noexcept { return -1; }
  virtual bool wants_to_write() const noexcept { return false; }
  // How many connections were made so far: another number tells that the other side is there again, and
  // what waits need not wait any longer.
  virtual std::uint64_t connections() const noexcept { return 0; }
  // The house changed, or this is how it is at the beginning.
  virtual void learn(HousePtr) {}
  // Between deliveries, and about once a second when there are none.
  virtual void turn() {}
  // The lane's loop ends.
  virtual void leave() {}
};

}  // namespace porchlight::notify
