// SPDX-License-Identifier: Apache-2.0
// Escalations that nobody needs any more: somebody has answered, or what made them is over.
#include <utility>

#include "pipeline/store_open.hpp"
#include "porchlight/notify/escalation.hpp"

namespace porchlight::pipeline {
namespace {

// Lanes take a withdrawal at once unless an attempt is under way; what they cannot take is offered again.
constexpr std::size_t most_untold = 1024;

}  // namespace

// Whatever the rules say of the end itself, nobody is called any more because of the beginning.
void StoreLane::note_end(const event::Event& event) {
  const auto ended = notify::ended_by(event);
  if (!ended) return;
  auto events = held_.escalating(*ended);
  if (open_) {
    const auto stored = open_->outbox.escalating(ended->type, ended->member, ended->value);
    if (stored)
      events.insert(events.end(), stored->begin(), stored->end());
    else
      failed("an escalation of what is over may still be in the outbox", stored.error());
  }
  for (const auto& id : events) (void)withdraw_escalations(id);
}

// The lanes are told whatever the database says: they hold what it may not have yet.
Result<std::size_t> StoreLane::withdraw_escalations(const event::EventId& id) {
  const auto withdrawn = cancel_rows(id);
  take_routing();
  for (const auto& [channel, lane] : routing_->lanes)
    if (!lane->withdraw(id)) untold_.emplace_back(channel, id);
  while (untold_.size() > most_untold) untold_.pop_front();
  if (!withdrawn) failed("a withdrawn message is still in the outbox", withdrawn.error());
  return withdrawn;
}

Result<std::size_t> StoreLane::cancel_rows(const event::EventId& id) {
  if (const auto held = held_.withdraw(id, clock_.wall())) return *held;
  if (!open_) return Error(ErrorCode::unavailable, "the event log is not open");
  const auto cancelled = open_->outbox.cancel_escalations(id, clock_.wall());
  if (!cancelled) return cancelled.error();
  for (const auto& key : *cancelled)
    timeline_.note_delivery(key, store::DeliveryState::cancelled, 0, std::nullopt);
  sinks_.rings(timeline_.snapshot());
  return cancelled->size();
}

void StoreLane::tell_withdrawals() {
  for (auto left = untold_.size(); left > 0; --left) {
    auto [channel, id] = std::move(untold_.front());
    untold_.pop_front();
    const auto lane = routing_->lanes.find(channel);
    if (lane != routing_->lanes.end() && !lane->second->withdraw(id)) untold_.emplace_back(channel, id);
  }
}

}  // namespace porchlight::pipeline
