// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "pipeline/store_job.hpp"
#include "porchlight/notify/escalation.hpp"

namespace porchlight::pipeline {

// Events that could not be written yet, in their order, with what happened to their messages in the
// meantime: the first attempts do not wait for the disk. Store lane's thread.
class HeldEvents {
 public:
  static constexpr std::size_t limit = 1024;

  struct Held {
    CommitEvent commit;
    store::JpegBytes picture;  // null: none came
  };

  bool empty() const noexcept { return held_.empty(); }
  Held& front() { return held_.front(); }
  void pop_front() { held_.pop_front(); }

  // False when something had to go to make room: the oldest event that is not a ring, else the
  // oldest ring.
  bool push(CommitEvent commit);

  // False when the event is not held: then it is the database's.
  bool amend(const AmendEvent& job);
  bool settle(const SettleMessage& job);
  bool complete(const event::Event& event);
  // Withdraws the event's escalations. How many; nothing when the event is not held.
  std::optional<std::size_t> withdraw(const event::EventId& id, WallTime at);
  // Events that are held with escalations which have no reason any more.
  std::vector<event::EventId> escalating(const notify::Ended& ended) const;
  bool holds(const event::EventId& id) const;

 private:
  Held* find(const event::EventId& id);
  std::deque<Held> held_;
};

}  // namespace porchlight::pipeline
