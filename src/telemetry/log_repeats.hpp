// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// Of errors that are the same in all but their time and their ids, the first is written at once, and then one
// that says how many there were, once a period. A record that is not among the `most` remembered, or is
// long, is written each time. One thread at a time.
class LogRepeats {
 public:
  static constexpr std::chrono::seconds period{60};
  static constexpr std::size_t most = 256;
  static constexpr std::size_t longest = 4096;  // bytes of what must be the same

  // True: it is to be written. False: it is counted.
  bool admits(const Record& record, MonotonicTime now);
  // What is to be written by now, each with the field `repeated`: how many there were since the last one
  // that was written. Whatever was not repeated for a period is forgotten.
  std::vector<Record> due(MonotonicTime now);
  // The same, without waiting for the period's end: for a log that ends.
  std::vector<Record> rest();

 private:
  struct Seen {
    MonotonicTime written{};
    std::uint64_t repeats = 0;
    Record last{};  // if there are repeats
  };

  std::map<std::string, Seen> seen_;
};

}  // namespace porchlight::telemetry
