// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::camera {

// A running program whose standard output we read and of whose standard error we keep the end. Its
// process group is its own, and ends with this object: SIGTERM first, SIGKILL 100 ms later. A program
// that the kernel cannot end (it waits for a device) is left behind, and no other of the same camera is
// started until it is gone. Thread-bound.
class Program {
 public:
  struct Order {
    std::string camera;  // whose it is
    std::vector<std::string> command;
    std::vector<std::string> environment;  // beside the plain one
  };
  // Errors: not_found, permission_denied (the program), resource, unavailable (the one before it still
  // lives, whatever thread started it).
  static Result<Program> start(const Order& order);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();

  pid_t pid() const noexcept { return pid_; }

  enum class Output : std::uint8_t { bytes, nothing_yet, end };
  // What there is of its output, up to `room` bytes; waits for it no longer than `patience`. Its complaints
  // are read on the way, up to 64 KiB ten times a second: one that complains faster waits for us.
  struct Read {
    Output kind = Output::end;
    std::size_t size = 0;
  };
  Read read(std::uint8_t* into, std::size_t room, std::chrono::milliseconds patience);

  // Ends the group if it does not end by itself within `patience`, and says how the program ended and
  // what it said last: `exit status 1: no cameras available`.
  std::string finish(std::chrono::milliseconds patience);
  // What it said last so far; one line, at most 400 bytes.
  std::string last_words();

 private:
  Program(std::string camera, pid_t pid, UniqueFd output, UniqueFd errors);
  void listen();
  void end_group();
  bool wait_for_end(std::chrono::milliseconds patience) const;
  std::string collect();

  std::string camera_;
  pid_t pid_;
  UniqueFd output_;
  UniqueFd errors_;
  UniqueFd process_;  // a pidfd
  bool asked_to_end_ = false;
  std::chrono::steady_clock::time_point hear_again_{};  // not before then
  std::string tail_;                                    // of its standard error
};

}  // namespace porchlight::camera
