// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight {

// What a program is started with. It gets these and nothing else of ours: every other descriptor is
// closed, no signal is blocked or ignored.
struct SpawnOrder {
  std::vector<std::string> command;      // the program first: a path, or a name that PATH finds; no shell
  std::vector<std::string> environment;  // "NAME=value"
  std::vector<int> descriptors;          // its 0, 1, 2 and so on; stay the caller's
};

// Starts the program in a process group of its own, at nice level 0 whatever the caller's. The caller
// reaps it. Any thread. Errors: not_found, permission_denied (the program), resource.
Result<pid_t> spawn_in_group(const SpawnOrder& order);

// The few names of our environment that a program gets: the configuration's secrets may stand in others.
std::vector<std::string> plain_environment();

}  // namespace porchlight
