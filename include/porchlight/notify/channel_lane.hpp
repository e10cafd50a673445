// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/known_names.hpp"
#include "porchlight/notify/link.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::notify {

// What the store lane writes into the outbox row.
struct Outcome {
  store::RowKey key;
  store::DeliveryState state = store::DeliveryState::pending;  // pending: to be tried again at next_attempt
  std::uint32_t attempts = 0;
  WallTime at{};            // of a settled row
  WallTime next_attempt{};  // of a pending one
  std::string receipt{};    // of a delivered one, see Delivery::receipt
  std::string error{};      // of a failed attempt: the other side's words, fit to be kept and shown
};

struct ChannelOptions;

struct LaneOptions {
  std::size_t queue_capacity = 256;  // messages waiting to be taken over
  std::size_t most_waiting = 256;    // messages the lane holds for a (further) attempt
  std::chrono::milliseconds first_backoff{1000};
  std::chrono::milliseconds longest_backoff{5 * 60 * 1000};
  std::chrono::milliseconds longest_retry_after{10 * 60 * 1000};
  std::size_t most_picture_bytes = 16U << 20U;  // waiting to be taken over, and again held
  // After so many failed attempts in a row the channel is tried once in a pause, with whatever is next.
  std::uint32_t failures_to_open = 5;
  std::chrono::milliseconds open_pause{60 * 1000};
  LinkMakerPtr links{};  // null: messages carry no link
};

// One channel's messages: first attempt at once, then with exponential back-off and jitter until
// delivered, rejected or expired. Messages of one event keep their order; other events pass a message
// that waits. A channel that does not answer is left alone but for one attempt a minute (see Breaker).
// Memory is bounded: what does not fit is refused or given up, stays in the outbox and is asked for again by
// `reload` once there is room. From then on an update of such an event, or of one that the lane does not
// know, comes by way of the outbox, too, behind what waits before it: so it does not overtake its ring.
class ChannelLane {
 public:
  struct Ports {
    // Lane thread; must not block. False: not taken, the lane offers it again later.
    std::function<bool(const Outcome&)> outcome;
    // Lane thread; must not block. Asks that pending rows of this channel be pushed again; rows that
    // the lane holds or has just settled are recognised. False: asked again later.
    std::function<bool()> reload;
  };

  static Result<std::unique_ptr<ChannelLane>> create(const ChannelOptions& channel, LaneOptions options,
                                                     Clock& clock, telemetry::Metrics& metrics, Ports ports);
  ~ChannelLane();

  // Any thread. False: refused, the row must be in the outbox.
  bool push(Message message);

  // Any thread. Somebody has acknowledged the event, or it is over: its escalations that are held are
  // dropped, each an outcome `cancelled`, and one that comes later is not taken. What is under way is not
  // called back. False: not taken, the caller offers it again.
  bool withdraw(const event::EventId& id);

  // One thread. Who is enrolled: from its next attempt on the lane names nobody else, in what it holds
  // neither.
  void know(KnownNames names);

  // One thread. What the channel is to know of the house, see Channel::learn().
  void tell(HousePtr house);

  // The lane's thread; returns within ~200 ms of a stop request. What is under way then stays
  // pending in the outbox.
  void run(std::stop_token stop, Heartbeat& heartbeat);
  // The lane's thread: one round of run(), with at most one attempt. Returns how long there is nothing to do
  // unless something comes; nothing when the next round should follow at once.
  std::optional<std::chrono::nanoseconds> turn(const std::stop_token& stop);
  // Before run(), and after `former`, a lane of the same id, has returned from it for good: takes over what
  // it remembers; of the other side only what still holds (see ChannelOptions::fingerprint).
  void inherit(ChannelLane& former);

  // Any thread. The other side does not answer, so it is tried once a minute only.
  bool open() const noexcept;
  const std::string& channel_id() const noexcept;
  std::size_t queued() const noexcept;
  std::size_t capacity() const noexcept;
  std::uint64_t refused() const noexcept;

 private:
  struct State;
  explicit ChannelLane(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::notify
