// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/maintain/doctor.hpp"

struct sd_bus;

namespace porchlight::maintain {

// What systemd says of our unit (org.freedesktop.systemd1(5) has the words), and what the account
// database says of its account.
struct UnitFacts {
  std::string load_state;    // loaded, not-found, masked, bad-setting, error
  std::string file_state;    // enabled, disabled, static, …
  std::string active_state;  // active, reloading, inactive, failed, activating, deactivating
  std::string sub_state;
  std::string result;  // success, exit-code, signal, watchdog, timeout, …
  std::uint32_t restarts = 0;
  std::int32_t exit_status = 0;
  bool needs_daemon_reload = false;
  std::vector<std::string> drop_ins;
  std::string user;
  std::string group;
  std::vector<std::string> supplementary_groups;
  // of this machine
  bool user_exists = false;
  bool group_exists = false;
  std::vector<std::string> missing_groups;  // of the supplementary ones
  bool user_in_gpio = false;                // by the group database
};

// From the manager at the other end of the bus; at most 5 s a question.
Result<UnitFacts> read_unit(sd_bus* bus);
void read_accounts(UnitFacts& facts);
Findings judge_unit(const UnitFacts& facts, bool needs_gpio);

}  // namespace porchlight::maintain
