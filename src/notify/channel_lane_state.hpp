// SPDX-License-Identifier: Apache-2.0
// What a lane is made of, for the files of ChannelLane alone: channel_lane.cpp (its round), lane_intake.cpp
// (what comes in) and lane_attempts.cpp (what goes out).
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "notify/breaker.hpp"
#include "notify/delivery_queue.hpp"
#include "notify/lane_instruments.hpp"
#include "notify/receipts.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {

struct ChannelLane::State {
  using Ring = MpscRing<Message, QueueName::notification, Overflow::refuse>;
  using EventIds = MpscRing<event::EventId, QueueName::notification, Overflow::refuse>;
  static constexpr std::size_t withdrawal_capacity = 64;
  // Of an event beyond these the lane knows only what DeliveryQueue::knows_event() remembers.
  static constexpr std::size_t refusal_capacity = 256;

  State(const ChannelOptions& options_of_channel, std::unique_ptr<Channel> made, const LaneOptions& options,
        Wakeup wake, const Clock& time, LaneInstruments handles, Ports given)
      : channel_id(options_of_channel.id),
        type(options_of_channel.type),
        fingerprint(options_of_channel.fingerprint),
        language(options_of_channel.language),
        links(options.links),
        channel(std::move(made)),
        wakeup(std::move(wake)),
        ring(options.queue_capacity, wakeup),
        withdrawals(withdrawal_capacity, wakeup),
        refusals(refusal_capacity, wakeup),
        house(&wakeup),
        clock(time),
        limits(options),
        instruments(std::move(handles)),
        ports(std::move(given)),
        queue(options, time),
        breaker(options.failures_to_open, options.open_pause) {}

  bool offer(Message message);
  bool is_same_channel(const State& former) const;
  void take_names();
  void take_refusals();
  void take_over();
  void take(Message message);
  void fetch_later();
  bool comes_too_early(const Message& message) const;
  void take_withdrawals();
  void drop_expired();
  bool reload_is_due() const;
  void ask_for_reload();
  bool may_attempt() const;
  DeliveryQueue::Entry* next();
  void attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop);
  void conclude(DeliveryQueue::Entry& entry, const Delivery& delivery);
  void note_answer(const DeliveryQueue::Entry& entry);
  void note_failure(const DeliveryQueue::Entry& entry, const Delivery& delivery);
  void finish(DeliveryQueue::Entry& entry, store::DeliveryState state, std::string words = {});
  void report(Outcome outcome);
  void report_leftovers();
  std::chrono::nanoseconds pause() const;
  void take_turn();
  void wait(std::chrono::nanoseconds longest, const std::stop_token& stop);
  bool has_news(const std::stop_token& stop);
  telemetry::Fields about(const DeliveryQueue::Entry& entry, const std::string& cause) const;

  // const after construction
  const std::string channel_id;
  const std::string type;
  const std::string fingerprint;
  const Language language;
  const LinkMakerPtr links;
  const std::unique_ptr<Channel> channel;
  // any thread
  Wakeup wakeup;
  Ring ring;
  std::atomic<std::size_t> ring_picture_bytes{0};
  EventIds withdrawals;
  EventIds refusals;  // events of which a message was refused
  Mailbox<HousePtr> house;
  Mailbox<KnownNames> names;  // wakes nobody: it is looked at before each attempt
  std::atomic<bool> overflowed{false};
  std::atomic<bool> has_refused{false};  // ever, or given up
  std::atomic<bool> open{false};         // as the breaker is
  // lane thread
  const telemetry::Logger log{"doorbell.notification", telemetry::Component::notification};
  const Clock& clock;
  const LaneOptions limits;
  LaneInstruments instruments;
  const Ports ports;
  DeliveryQueue queue;
  Breaker breaker;
  std::uint64_t connections = 0;  // of the channel, as last seen
  Receipts receipts;
  KnownNames known;         // null: not told yet, and everybody is named
  bool incomplete = false;  // the outbox has what was given up here
  MonotonicTime next_reload{};
  std::deque<Outcome> unreported;  // the store lane's queue was full
};

}  // namespace porchlight::notify
