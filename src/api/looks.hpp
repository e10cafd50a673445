// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/access.hpp"
#include "api/accounts_state.hpp"
#include "api/once_a_minute.hpp"

namespace porchlight::api {

// Puts on record who looked at what. The same caller from the same address at the same thing is one record a
// minute, so that a page which asks again and again leaves a trail that can be read. Any thread.
class Looks {
 public:
  static constexpr auto period = OnceAMinute::period;
  static constexpr auto remembered = OnceAMinute::remembered;

  Looks(Accounts::State& accounts, const Clock& clock)
      : accounts_(accounts), noted_(clock, OnceAMinute::WhenFull::begin_anew) {}

  // The thing is the request's path, without its query. What cannot be recorded is counted by whoever
  // records, and the next look tries again.
  void note(const http::Request& request, const Caller& caller);
  // The same where the path alone does not say what the thing is.
  void note(const http::Request& request, const Caller& caller, const std::string& thing);

 private:
  Accounts::State& accounts_;
  OnceAMinute noted_;
};

}  // namespace porchlight::api
