// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api/access.hpp"
#include "api/accounts_state.hpp"

namespace porchlight::api {

// Puts on record who looked at what. The same caller from the same address at the same thing is one record a
// minute, so that a page which asks again and again leaves a trail that can be read. Any thread.
class Looks {
 public:
  static constexpr std::chrono::seconds period{60};
  static constexpr std::size_t remembered = 1024;

  Looks(Accounts::State& accounts, const Clock& clock) : accounts_(accounts), clock_(clock) {}

  // The thing is the request's path, without its query. What cannot be recorded is counted by whoever
  // records, and the next look tries again.
  void note(const http::Request& request, const Caller& caller);

 private:
  bool is_new(const std::string& look);

  Accounts::State& accounts_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, MonotonicTime> noted_;
};

}  // namespace porchlight::api
