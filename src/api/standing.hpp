// SPDX-License-Identifier: Apache-2.0
// Whether what a caller proved still holds, for answers that outlast their request, and what is said to one
// who is shown less than was asked for.
#pragma once

#include <string>

#include "api/access.hpp"
#include "api/accounts_state.hpp"

namespace porchlight::api {

// Same account, same role, same cameras, and the session or token is still good. Being looked at does not
// keep a session from becoming idle. Any thread.
bool still_holds(const Accounts::State& accounts, const Directory& known, const Caller& caller);

// Counts and records that this caller was refused `permission`, as the guard does for what it refuses.
void note_refusal(Accounts::State& accounts, const http::Request& request, const Caller& caller,
                  std::string permission);
// 403 for a camera that was named but is not granted; whether it exists is not said.
http::Response camera_not_granted(Accounts::State& accounts, const http::Request& request,
                                  const Caller& caller, const std::string& camera);

}  // namespace porchlight::api
