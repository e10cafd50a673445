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

// `permission` of a request that is refused because the page of another site may have made it.
inline constexpr const char* own_page = "a page of this house";

// Puts on record and into the log that this caller was refused `permission`: one for each caller, address and
// path in a minute, and at most OnceAMinute::remembered of all in one.
void record_refusal(Accounts::State& accounts, const http::Request& request, const Caller& caller,
                    std::string permission);
// The same, and counts it as unauthorized_access: each one.
void note_refusal(Accounts::State& accounts, const http::Request& request, const Caller& caller,
                  std::string permission);
// 403 for a camera that was named but is not granted; whether it exists is not said.
http::Response camera_not_granted(Accounts::State& accounts, const http::Request& request,
                                  const Caller& caller, const std::string& camera);

}  // namespace porchlight::api
