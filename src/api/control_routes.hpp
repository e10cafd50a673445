// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/api/port.hpp"
#include "porchlight/http/router.hpp"

namespace porchlight::api {

// What only the control socket offers: ring, status, reload, faces/reload.
void add_control_routes(http::Router& router, Port port);

}  // namespace porchlight::api
