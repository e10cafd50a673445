// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"

namespace porchlight::api {

void add_openapi_route(Guard& guard);

}  // namespace porchlight::api
