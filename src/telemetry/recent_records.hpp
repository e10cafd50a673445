// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "porchlight/telemetry/log.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// The newest records of level warning and above, in memory, for whoever looks at the page. Bounded in number
// and in bytes: the oldest goes first. Any thread.
class RecentRecords {
 public:
  static constexpr std::size_t most_records = 256;
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;

  // What is below warning is left out.
  void add(const Record& record, const Origin& origin);
  // Newest first, as json_line() has them, at most `most`.
  std::vector<std::string> newest(Level least, std::size_t most) const;

 private:
  struct Kept {
    Level level;
    std::string line;
  };

  mutable std::mutex mutex_;
  std::deque<Kept> kept_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace porchlight::telemetry
