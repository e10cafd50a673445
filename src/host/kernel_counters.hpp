// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace porchlight::host {

// Counters that the kernel keeps, under names of ours, made into such that never fall: shown is the
// kernel's own value, and after a fall (the counter wrapped, the driver or the device began anew) what it
// had reached plus what it has counted since.
class KernelCounters {
 public:
  // begin(), any number of advance(), end(): a counter that was not advanced in between is forgotten with
  // its device, and one that comes back begins with the kernel's value.
  void begin() { ++round_; }
  double advance(const std::string& name, std::uint64_t now) {
    auto& counter = counters_[name];
    if (now < counter.last) counter.before += static_cast<double>(counter.last);
    counter.last = now;
    counter.round = round_;
    return counter.before + static_cast<double>(now);
  }
  void end() {
    std::erase_if(counters_, [this](const auto& entry) { return entry.second.round != round_; });
  }

 private:
  struct Counter {
    double before = 0;
    std::uint64_t last = 0;
    std::uint64_t round = 0;
  };
  std::map<std::string, Counter> counters_;
  std::uint64_t round_ = 0;
};

}  // namespace porchlight::host
