// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>

#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// Who is enrolled, by name. Immutable; whoever forgets or enrols sends a new one.
using KnownNames = std::shared_ptr<const std::set<std::string>>;

// Whoever is not among `known` is not named: neither by the message nor by what a server said about it.
void leave_out_strangers(store::OutboxRow& row, const std::set<std::string>& known);

}  // namespace porchlight::notify
