// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/looks.hpp"

namespace porchlight::api {

// GET /api/v1/logs: the newest records, for administrators.
void add_log_route(Guard& guard, Looks& looks);

}  // namespace porchlight::api
