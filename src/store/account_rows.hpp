// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/connection.hpp"

namespace porchlight::store {

// Prepares, lets `bind` fill the parameters in, runs. Returns how many rows it changed.
template <class Bind>
Result<int> execute(Database::Connection& connection, QueryType type, std::string_view sql, Bind bind) {
  auto statement = connection.prepare(type, sql);
  if (!statement) return std::move(statement).error();
  bind(*statement);
  if (auto status = statement->run(); !status) return std::move(status).error();
  return sqlite3_changes(connection.handle);
}

// `change` runs between begin and commit; its Error rolls back.
template <class Change>
Status in_one_transaction(Database::Connection& connection, Change change) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  if (Status status = change(); !status) return status;
  return transaction->commit();
}

inline Status status_of(Result<int> changed) {
  if (!changed) return std::move(changed).error();
  return {};
}

inline Status expect_changed(Result<int> changed, std::string_view missing) {
  if (!changed) return std::move(changed).error();
  if (*changed > 0) return {};
  return Error(ErrorCode::not_found, std::string(missing));
}

}  // namespace porchlight::store
