// SPDX-License-Identifier: Apache-2.0
// What a lane sends, and what comes of it.
#include <algorithm>
#include <utility>

#include "notify/channel_lane_state.hpp"
#include "notify/failure_words.hpp"
#include "porchlight/event/traceparent.hpp"
#include "porchlight/notify/payload.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::notify {

using store::DeliveryState;

namespace {

// A row has its event's trace as the header that goes out.
telemetry::LogContext context_of(const Message& message) {
  telemetry::LogContext context;
  context.event_id = message.row.key.event_id.text();
  // Of an event that no request caused, and of one whose request is not known any more, the event's id.
  context.request_id = message.request_id.empty() ? context.event_id : message.request_id;
  context.correlation_id = message.correlation_id;
  if (const auto trace = event::parse_traceparent(message.row.traceparent)) {
    context.trace_id = trace->trace_text();
    context.span_id = trace->span_text();
  }
  return context;
}

}  // namespace

// What came of it must find a place: without one, nothing more is tried.
bool ChannelLane::State::may_attempt() const {
  return breaker.permits(clock.now()) && unreported.size() < limits.most_waiting;
}

DeliveryQueue::Entry* ChannelLane::State::next() {
  return may_attempt() ? queue.next() : nullptr;
}

void ChannelLane::State::attempt(DeliveryQueue::Entry& entry, const std::stop_token& stop) {
  const telemetry::ContextScope scope(context_of(entry.message));
  if (!entry.first_attempt) entry.first_attempt = clock.now();
  auto message = entry.message;
  receipts.add_to(message);
  message.words = words_of(message.row, language, links ? links->address_for(message.row) : std::string());
  message.row.payload = public_payload(message.row);
  const auto begun = clock.now();
  const bool lacks_clip = message.row.key.sequence == clip_update && !message.clip;
  const auto delivery = lacks_clip
                            ? Delivery::rejected(ErrorCode::not_found, "the clip is not there any more")
                            : channel->deliver(message, stop);
  // Cut short by the stop: not a failure, the row stays pending as it was.
  if (delivery.kind == Delivery::Kind::retry && stop.stop_requested()) return;
  if (entry.attempts > 0) instruments.retried();
  ++entry.attempts;
  instruments.attempted(entry.message, clock.now() - begun, delivery.kind);
  conclude(entry, delivery);
}

void ChannelLane::State::conclude(DeliveryQueue::Entry& entry, const Delivery& delivery) {
  switch (delivery.kind) {
    case Delivery::Kind::delivered:
      note_answer(entry);
      if (entry.message.row.type == "ring" && entry.message.row.key.sequence == first_message)
        instruments.ring_accepted(entry.message, clock);
      receipts.note(entry.message.row.key, delivery.receipt);
      return finish(entry, DeliveryState::delivered,
                    delivery.receipt.size() > Receipts::longest ? std::string() : delivery.receipt);
    case Delivery::Kind::rejected:
      note_answer(entry);
      instruments.failed(delivery.code);
      log.error("notification rejected", about(entry, delivery.text));
      return finish(entry, DeliveryState::failed, failure_words(delivery.text));
    case Delivery::Kind::retry:
      note_failure(entry, delivery);
      return report(queue.postpone(entry, delivery.retry_after, failure_words(delivery.text)));
  }
}

void ChannelLane::State::note_answer(const DeliveryQueue::Entry& entry) {
  if (breaker.answered() != Breaker::Change::closed) return;
  open.store(false, std::memory_order_relaxed);
  queue.release();
  log.info("the channel answers again, what waited goes out", about(entry, ""));
}

void ChannelLane::State::note_failure(const DeliveryQueue::Entry& entry, const Delivery& delivery) {
  instruments.failed(delivery.code);
  const bool was_open = breaker.open();
  auto named = delivery.retry_after;
  if (named) named = std::min(*named, limits.longest_retry_after);
  if (breaker.failed(clock.now(), named) == Breaker::Change::opened) {
    open.store(true, std::memory_order_relaxed);
    log.error("the channel does not answer, trying once a minute", about(entry, delivery.text));
  } else if (!was_open && entry.attempts == 1) {
    log.warning("notification not delivered, trying again", about(entry, delivery.text));
  }
}

// An escalation that was withdrawn is no message that was sent, nor one that failed.
void ChannelLane::State::finish(DeliveryQueue::Entry& entry, DeliveryState state, std::string words) {
  instruments.settled(
      entry.message.row.label, state == DeliveryState::delivered,
      entry.first_attempt ? clock.now() - *entry.first_attempt : std::chrono::nanoseconds::zero());
  report(queue.settle(entry, state, std::move(words)));
}

void ChannelLane::State::report(Outcome outcome) {
  if (!unreported.empty() || !ports.outcome(outcome)) unreported.push_back(std::move(outcome));
}

void ChannelLane::State::report_leftovers() {
  while (!unreported.empty() && ports.outcome(unreported.front())) unreported.pop_front();
}

telemetry::Fields ChannelLane::State::about(const DeliveryQueue::Entry& entry,
                                            const std::string& cause) const {
  const auto& key = entry.message.row.key;
  telemetry::Fields fields{{"event_id", key.event_id.text()},
                           {"channel_id", channel_id},
                           {"sequence", std::int64_t{key.sequence}},
                           {"attempts", std::int64_t{entry.attempts}}};
  if (!cause.empty()) fields.push_back({"cause", cause});
  return fields;
}

}  // namespace porchlight::notify
