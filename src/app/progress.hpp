// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

namespace porchlight::app {

// A line on the terminal (standard error; nothing when that is none) that says how far something is, and a
// stop that is requested by SIGINT or SIGTERM while it lives. One at a time.
class ProgressLine {
 public:
  explicit ProgressLine(std::string doing);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // In bytes; called often.
  void tell(std::uint64_t done, std::uint64_t all);
  std::stop_token stop() const { return stop_.get_token(); }

 private:
  const std::string doing_;
  const bool shown_;
  std::string last_;
  std::stop_source stop_;
};

}  // namespace porchlight::app
