// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::store {

// A child process whose standard output we read. Killed and reaped with its owner.
class Child {
 public:
  // What it writes to its standard error goes to `errors`.
  Child(const std::vector<std::string>& command,
        const std::vector<std::pair<std::string, std::string>>& environment,
        const std::string& errors = "/dev/stderr");
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads whole lines until `count` are there or the child's end is reached.
  std::vector<std::string> read_lines(std::size_t count);
  // SIGKILL, then the lines that were still in the pipe (a torn last line is left out).
  std::vector<std::string> kill_and_read();
  // Reads to the end and returns the exit status (-1: ended by a signal).
  int wait();

 private:
  std::vector<std::string> take_lines();

  pid_t pid_ = -1;
  UniqueFd output_;
  std::string buffer_;
};

}  // namespace porchlight::store
