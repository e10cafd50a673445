// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "store/connection.hpp"

namespace porchlight::store {

// Takes the name out of the events and messages that say it, inside the caller's transaction; they say that
// somebody known was there, then. The caller empties the write-ahead log afterwards.
Status erase_from_history(Database::Connection& connection, std::string_view name);

}  // namespace porchlight::store
