// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::notify {

// What a program is started with. It gets these and nothing else of ours: every other descriptor is
// closed, no signal is blocked.
struct ChildOrder {
  std::vector<std::string> command;      // the program's path first; no shell looks at it
  std::vector<std::string> environment;  // "NAME=value"
  std::string_view input;                // its standard input
  std::string_view picture;              // behind descriptor 3; empty: none
  std::chrono::milliseconds timeout{};
};

struct ChildEnd {
  enum class Kind : std::uint8_t { exited, signalled, timed_out, stopped };
  Kind kind = Kind::exited;
  int number = 0;         // exit status, or the signal's number
  std::string last_line;  // of what it wrote to its standard error
  UniqueFd unreaped{};    // a killed process that the kernel could not end yet; see reap()
};

// Where the program finds its picture.
inline constexpr const char* child_picture = "/proc/self/fd/3";

// Runs the program in a process group of its own and waits for its end. When the time is over or `stop`
// is requested the whole group is killed, and the call returns within 100 ms. Errors: not_found,
// permission_denied (the program), resource.
Result<ChildEnd> run_child(const ChildOrder& order, const Clock& clock, const std::stop_token& stop);

// True when the process of a pidfd is gone, and its remains with it.
bool reap(const UniqueFd& pidfd);

}  // namespace porchlight::notify
