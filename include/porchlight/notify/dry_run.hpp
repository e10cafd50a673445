// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/notify/rule_engine.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// What the rules would do, without doing it: one event after the other, as the daemon's engine sees them.
class DryRun {
 public:
  explicit DryRun(const Options& options);

  struct Told {
    Route route;
    Words words;
  };
  struct Outcome {
    event::Event event;
    Decision decision;
    std::vector<Told> told;  // of each route
    // Of events before this one, which ends what they began: nobody is told of them any more.
    std::vector<store::RowKey> withdrawn;
  };

  // The event is decided at its own time. ErrorCode::invalid_argument: it is before the last one.
  Result<Outcome> tell(const event::Event& event);

  // For people, several lines; and one line of JSON.
  std::string text_of(const Outcome& outcome) const;
  std::string json_of(const Outcome& outcome) const;

 private:
  store::OutboxRow row_of(const event::Event& event, const Route& route) const;
  std::vector<store::RowKey> withdraw(const event::Event& event);

  const Options options_;
  RuleEngine engine_;
  std::deque<event::Ring> rings_;          // newest last
  std::vector<store::OutboxRow> waiting_;  // escalations whose time has not come
  std::optional<WallTime> begun_, last_;
};

// The event of a short form: `ring BUTTON`, `person unknown CAMERA`, `person known NAME CAMERA`, `person
// blacklisted NAME CAMERA`, `camera lost CAMERA`, `camera back CAMERA`, `security KIND [CAMERA]`, `alert NAME
// [SEVERITY]`, `motion CAMERA`, `gap CAMERA [CAUSE]`, `disk FAULT`. ErrorCode::invalid_argument says what
// would be right.
Result<event::Event> event_of_words(const std::vector<std::string>& words, const event::Header& header);

}  // namespace porchlight::notify
