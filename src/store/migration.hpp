// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "store/connection.hpp"

namespace porchlight::store {

// Migration number n (counted from 1) brings a database of version n-1 to version n. The version is
// SQLite's user_version. A migration that was once released is never edited.
struct Migration {
  const char* sql;
};

std::span<const Migration> migrations();

// Brings the database to the newest of `steps`, all steps in one transaction. A database that is not
// empty is copied to `<file>.v<old version>` before. A database newer than `steps` is refused.
Status migrate(Database::Connection& connection, std::span<const Migration> steps);

// Refuses every version but the newest.
Status expect_version(Database::Connection& connection, std::span<const Migration> steps);

}  // namespace porchlight::store
