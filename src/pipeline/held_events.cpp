// SPDX-License-Identifier: Apache-2.0
#include "pipeline/held_events.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {

bool HeldEvents::push(CommitEvent commit) {
  const bool room = held_.size() < limit;
  if (!room) {
    const auto other = std::find_if(held_.begin(), held_.end(), [](const Held& held) {
      return !std::holds_alternative<event::Ring>(held.commit.event);
    });
    held_.erase(other == held_.end() ? held_.begin() : other);
  }
  held_.push_back({std::move(commit), nullptr});
  return room;
}

HeldEvents::Held* HeldEvents::find(const event::EventId& id) {
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) {
    return event::header_of(held.commit.event).id == id;
  });
  return found == held_.end() ? nullptr : &*found;
}

bool HeldEvents::amend(const AmendEvent& job) {
  auto* held = find(job.id);
  if (held == nullptr) return false;
  auto& rows = held->commit.rows;
  rows.insert(rows.end(), job.rows.begin(), job.rows.end());
  if (job.picture) held->picture = job.picture;
  return true;
}

bool HeldEvents::complete(const event::Event& event) {
  auto* held = find(event::header_of(event).id);
  if (held != nullptr) held->commit.event = event;
  return held != nullptr;
}

// A message that has arrived, or never will, is written as that: it is not sent again, later ones know what
// the other side calls it, and what failed is among the dead letters.
bool HeldEvents::settle(const SettleMessage& job) {
  auto* held = find(job.key.event_id);
  if (held == nullptr) return false;
  auto& rows = held->commit.rows;
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const store::OutboxRow& r) { return r.key == job.key; });
  if (row == rows.end()) return true;
  row->attempts = job.attempts;
  if (!job.error.empty()) row->error = job.error;
  if (job.state == store::DeliveryState::pending) {
    row->next_attempt = job.at;
    return true;
  }
  row->state = job.state;
  row->settled = job.at;
  row->receipt = job.receipt;
  return true;
}

std::optional<std::size_t> HeldEvents::withdraw(const event::EventId& id, WallTime at) {
  auto* held = find(id);
  if (held == nullptr) return std::nullopt;
  std::size_t withdrawn = 0;
  for (auto& row : held->commit.rows) {
    if (row.state != store::DeliveryState::pending || !notify::is_escalation(row)) continue;
    row.state = store::DeliveryState::cancelled;
    row.settled = at;
    ++withdrawn;
  }
  return withdrawn;
}

std::vector<event::EventId> HeldEvents::escalating(const notify::Ended& ended) const {
  std::vector<event::EventId> events;
  for (const auto& held : held_)
    for (const auto& row : held.commit.rows) {
      if (row.state != store::DeliveryState::pending || !notify::is_escalation(row)) continue;
      if (!notify::is_ended(row, ended)) continue;
      events.push_back(row.key.event_id);
      break;
    }
  return events;
}

bool HeldEvents::holds(const event::EventId& id) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const Held& held) { return event::header_of(held.commit.event).id == id; });
}

}  // namespace porchlight::pipeline
