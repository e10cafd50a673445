// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "porchlight/store/outbox.hpp"
#include "store/connection.hpp"

namespace porchlight::store {

// Inside the caller's transaction; a row whose key is there stays as it is.
Status insert_rows(Database::Connection& connection, std::span<const OutboxRow> rows);

}  // namespace porchlight::store
