// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/accounts.hpp"

namespace porchlight::api {

AccountOptions read_account_options(config::Section accounts) {
  using namespace std::chrono_literals;
  AccountOptions options;
  options.session_idle = accounts.duration("session_idle", options.session_idle, 1min, 24h * 366);
  options.session_absolute = accounts.duration("session_absolute", options.session_absolute, 1min, 24h * 366);
  auto lockout = accounts.section("lockout");
  options.lockout_failures = lockout.integer("failures", options.lockout_failures, 1, 100);
  options.lockout_time = lockout.duration("time", options.lockout_time, 1s, 24h);
  return options;
}

}  // namespace porchlight::api
