// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

namespace porchlight::app {

// A line on the terminal (standard error; nothing when that is none) that says how far something is. Who asks
// for a stop gets one that is requested by the first SIGINT or SIGTERM from then on; without one they end the
// program as ever. One at a time.
class ProgressLine {
 public:
  explicit ProgressLine(std::string doing);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // In bytes; called often.
  void tell(std::uint64_t done, std::uint64_t all);
  std::stop_token stop();

 private:
  const std::string doing_;
  const bool shown_;
  bool listens_ = false;
  std::string last_;
  std::stop_source stop_;
};

}  // namespace porchlight::app
