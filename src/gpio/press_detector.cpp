// SPDX-License-Identifier: Apache-2.0
#include "gpio/press_detector.hpp"

#include <algorithm>

namespace porchlight::gpio {

void PressDetector::begin(bool active, MonotonicTime now, Findings& findings) {
  level_ = active;
  last_edge_.reset();
  opened_.reset();
  last_sequence_ = 0;
  if (!active && contact_ != Contact::open) {
    open(now, findings);
    opened_.reset();  // an edge may have come between the request and the reading of the level
  } else if (active && contact_ == Contact::open) {
    contact_ = Contact::closed;
    closed_ = now;
  }
}

void PressDetector::edge(const Edge& edge, Findings& findings) {
  count_lost(edge, findings);
  take_back_late_release(edge.at);
  settle(edge.at, findings);
  if (!edge.active) return inactive(edge.at, findings);
  if (contact_ == Contact::open || (level_ && is_apart(edge.at))) close(edge.at, findings);
  level_ = true;
  last_edge_ = std::max(edge.at, last_edge_.value_or(edge.at));
}

void PressDetector::seen_inactive(MonotonicTime now, Findings& findings) {
  if (contact_ != Contact::open && level_) inactive(now, findings);
}

void PressDetector::advance(MonotonicTime now, Findings& findings) {
  settle(now, findings);
  if (contact_ == Contact::closed && now >= closed_ + timing_.hold_after) contact_ = Contact::held;
  if (contact_ == Contact::held && now >= closed_ + timing_.stuck_after) {
    contact_ = Contact::stuck;
    findings.push_back({Finding::Kind::stuck, closed_ + timing_.stuck_after, 0});
  }
}

std::optional<MonotonicTime> PressDetector::next_deadline() const {
  if (contact_ == Contact::open) return std::nullopt;
  std::optional<MonotonicTime> next;
  if (contact_ == Contact::closed) next = closed_ + timing_.hold_after;
  if (contact_ == Contact::held) next = closed_ + timing_.stuck_after;
  if (!level_ && last_edge_)
    next = std::min(*last_edge_ + timing_.debounce, next.value_or(MonotonicTime::max()));
  return next;
}

void PressDetector::count_lost(const Edge& edge, Findings& findings) {
  if (edge.sequence == 0) return;
  const auto lost = edge.sequence - last_sequence_ - 1;
  if (edge.sequence > last_sequence_ && lost > 0)
    findings.push_back({Finding::Kind::lost_edges, edge.at, lost});
  last_sequence_ = edge.sequence;
}

void PressDetector::settle(MonotonicTime now, Findings& findings) {
  if (contact_ == Contact::open || level_ || !last_edge_) return;
  const auto settled = *last_edge_ + timing_.debounce;
  if (now >= settled) open(settled, findings);
}

// advance() ran ahead of an edge that was still on its way: the contact had not been quiet for long
// enough, so it never opened.
void PressDetector::take_back_late_release(MonotonicTime at) {
  if (contact_ == Contact::open && opened_ && at < *opened_) contact_ = Contact::closed;
}

void PressDetector::close(MonotonicTime at, Findings& findings) {
  if (contact_ == Contact::stuck) findings.push_back({Finding::Kind::released, at, 0});
  contact_ = Contact::closed;
  closed_ = at;
  findings.push_back({Finding::Kind::pressed, at, 0});
}

void PressDetector::open(MonotonicTime at, Findings& findings) {
  if (contact_ == Contact::stuck) findings.push_back({Finding::Kind::released, at, 0});
  contact_ = Contact::open;
  opened_ = at;
}

void PressDetector::inactive(MonotonicTime at, Findings& findings) {
  level_ = false;
  last_edge_ = std::max(at, last_edge_.value_or(at));
  if (timing_.debounce.count() == 0) settle(at, findings);
}

bool PressDetector::is_apart(MonotonicTime at) const {
  return !last_edge_ || (at > *last_edge_ && at - *last_edge_ >= timing_.debounce);
}

}  // namespace porchlight::gpio
