// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "porchlight/api/port.hpp"

namespace porchlight::api {

// PUT events/{id}/identity: who it really was, for those who may act at the event's camera.
void add_identity_route(Guard& guard, Library::State& library, const Port& port);

}  // namespace porchlight::api
