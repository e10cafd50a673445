// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "api/guard.hpp"

namespace porchlight::api {

// GET /ca.crt: the certificate that a browser trusts once, for everybody: it is no secret. `authority`
// gives it as PEM, or nothing when no certificate of our own is in use.
void add_authority_route(Guard& guard, std::function<std::string()> authority);

}  // namespace porchlight::api
