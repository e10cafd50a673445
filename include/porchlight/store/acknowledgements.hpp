// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::store {

class Database;

// Somebody sees to an event, and may say something to the others who were told of it.
struct EventAnswer {
  event::EventId event;
  std::string who;    // link:<channel>, or an account's name
  std::string reply;  // empty: only acknowledged
  WallTime at{};
};

struct Acknowledgement {
  enum class Kind : std::uint8_t { acknowledge, reply };
  Kind kind = Kind::acknowledge;
  std::string who;
  std::string text;  // of a reply
  WallTime at{};
};

// What came of an answer.
struct AnswerOutcome {
  bool acknowledged = false;         // it was the first
  bool replied = false;              // it said something, for the first time
  std::vector<Acknowledgement> all;  // of the event, afterwards, oldest first
};

// Who answered which event. An event is acknowledged once, by whoever comes first; a reply acknowledges, too,
// and each may reply once. Thread-bound as its Database.
class Acknowledgements {
 public:
  explicit Acknowledgements(Database& database) : database_(database) {}

  Result<std::vector<Acknowledgement>> of(const event::EventId& id);
  // The channels that were told of the event.
  Result<std::vector<std::string>> told(const event::EventId& id);

  // The messages that an answer makes, to be written with it. `told` are channel ids; `number` is that of the
  // event's answers before this one.
  using Messages =
      std::function<std::vector<OutboxRow>(const LoggedEvent& event, const AnswerOutcome& outcome,
                                           const std::vector<std::string>& told, std::uint32_t number)>;
  // One transaction. What is there already changes nothing, and `messages` is asked for nothing then.
  // not_found: there is no such event.
  Result<AnswerOutcome> add(const EventAnswer& answer, const Messages& messages);

 private:
  Result<bool> insert(const EventAnswer& answer, Acknowledgement::Kind kind);

  Database& database_;
};

}  // namespace porchlight::store
