// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// The newest records, in memory, for whoever looks at the page or asks by command. Bounded in number and in
// bytes: the oldest goes first. Those of level warning and above have a shelf of their own beside, so that
// what is said all the time does not push out what went wrong. Any thread.
class RecentRecords {
 public:
  static constexpr std::size_t most_records = 2048;
  static constexpr std::size_t most_bytes = std::size_t{2} << 20;
  static constexpr std::size_t most_loud_records = 256;
  static constexpr std::size_t most_loud_bytes = std::size_t{256} << 10;

  // `line`: what json_line() gave for it, if it was asked; null: not yet.
  void add(const Record& record, const Origin& origin, const std::string* line = nullptr);
  LogAnswer find(const LogQuery& query) const;

 private:
  struct Kept {
    std::uint64_t number;
    Level level;
    Component component;
    std::string logger;
    WallTime at;
    std::string request_id;
    std::string trace_id;
    std::string line;
  };
  using KeptPtr = std::shared_ptr<const Kept>;
  class Shelf {
   public:
    Shelf(std::size_t most_records, std::size_t most_bytes)
        : most_records_(most_records), most_bytes_(most_bytes) {}
    void add(KeptPtr kept);
    const std::deque<KeptPtr>& all() const noexcept { return kept_; }  // oldest first

   private:
    const std::size_t most_records_;
    const std::size_t most_bytes_;
    std::deque<KeptPtr> kept_;
    std::size_t bytes_ = 0;
  };

  static bool fits(const Kept& kept, const LogQuery& query);
  std::vector<KeptPtr> matching(const LogQuery& query) const;

  mutable std::mutex mutex_;
  // under mutex_
  std::uint64_t last_ = 0;
  Shelf all_{most_records, most_bytes};
  Shelf loud_{most_loud_records, most_loud_bytes};
};

}  // namespace porchlight::telemetry
