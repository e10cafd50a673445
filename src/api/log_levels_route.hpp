// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/library_state.hpp"

namespace porchlight::api {

// GET and PUT /api/v1/logs/levels: which levels the loggers have, and others until the daemon ends, for
// administrators. A change is on record before and after.
void add_log_levels_routes(Guard& guard, Library::State& library);

}  // namespace porchlight::api
