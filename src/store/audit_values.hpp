// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

class Database;

// SHA-256 over a random salt and the value. The same value gives the same commitment until it is
// erased. Without a database the salt is thrown away: the value can then not be read back by anybody.
Result<std::string> commit_to_value(Database* database, std::string_view value);

}  // namespace porchlight::store
