// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

// What the other side called the messages that were delivered in this process, for later ones of the same
// event. Bounded: the oldest events go first, and the outbox has what went. Lane thread.
class Receipts {
 public:
  static constexpr std::size_t most_events = 256;
  // A longer one is no name of a message; cut short it would be the name of nothing.
  static constexpr std::size_t longest = 500;

  void note(const store::RowKey& key, const std::string& receipt);
  // Adds those of the earlier messages to what the message brings along.
  void add_to(Message& message) const;

 private:
  std::map<event::EventId, std::map<std::uint32_t, std::string>> of_event_;
};

}  // namespace porchlight::notify
