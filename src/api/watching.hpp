// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/accounts_state.hpp"
#include "api/guard.hpp"
#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// Who watches a camera, by what right, since when; whichever way it is shown.
struct Watching {
  Caller caller;
  std::string camera;
  std::string resource;  // as the audit log names it
  std::string address;
  std::string program;  // as it calls itself
  MonotonicTime begun{};
};

Watching watching_of(const http::Request& request, const Caller& caller, std::string camera,
                     std::string resource);

// Both ends of it are on record: how long it lasted is said at the second.
void note_beginning(Accounts::State& accounts, const Watching& watching);
void note_end(Accounts::State& accounts, const Watching& watching, MonotonicTime now);

}  // namespace porchlight::api
