// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// A message that waits for its time and is withdrawn when somebody acknowledges the event before.
bool is_escalation(const store::OutboxRow& row);

}  // namespace porchlight::notify
