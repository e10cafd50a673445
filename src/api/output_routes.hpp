// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "porchlight/api/port.hpp"

namespace porchlight::api {

// A door opens for a live session and nothing else: no token, no link, no command. A trial of the other
// outputs is for the control socket.
void add_output_routes(Guard& guard, Accounts::State& accounts, const Port& port);

}  // namespace porchlight::api
