// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>

#include "porchlight/event/event.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::app {

// The ring that a trial tells of.
event::Ring test_ring();

// ErrorCode::unsupported: a channel through which no message goes beside the daemon's own lane.
Status can_be_tried(const notify::ChannelOptions& channel);

// Sends one message about `event` through the channel at once, beside the daemon's own lane, and says what
// became of it. Refuses what can_be_tried() refuses.
Result<notify::Delivery> deliver_once(const notify::ChannelOptions& channel, const event::Event& event,
                                      const Clock& clock, std::stop_token stop);

// Sends one message about `event` through the channel at once, beside the daemon, and says on the terminal
// what became of it. `name` is what the person called the channel. Gives the exit code: 0 delivered, 1
// refused, 2 a channel that cannot be tried like that, 3 not reached.
int try_channel(const notify::ChannelOptions& channel, const event::Event& event, const std::string& name,
                bool as_json);

}  // namespace porchlight::app
