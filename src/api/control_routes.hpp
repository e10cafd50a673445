// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/looks.hpp"
#include "porchlight/api/port.hpp"

namespace porchlight::api {

// Ring and status for the control socket and for accounts; reload, faces/reload and outbox/resend for the
// socket only.
void add_control_routes(Guard& guard, Port port, Looks& looks);

}  // namespace porchlight::api
