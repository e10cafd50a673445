// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::app {

enum class Signal { stop, reload };

// SIGTERM, SIGINT (stop) and SIGHUP (reload) as a descriptor. Create it before any thread starts, so
// that every thread inherits the blocked mask. SIGPIPE is ignored from then on.
class Signals {
 public:
  static Result<Signals> create();
  int fd() const noexcept { return fd_.get(); }
  std::optional<Signal> next();
  // From now on SIGTERM and SIGINT do what they do by default. Main thread.
  void let_the_next_one_kill();

 private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace porchlight::app
