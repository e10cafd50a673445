// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "porchlight/telemetry/log_levels.hpp"

namespace porchlight::telemetry {

// The least level of each logger, by rules that may change at any time. Any thread.
//
// A logger asks once for its threshold and then only loads it (relaxed: a record that races with a change
// may fall on either side of it). A change works all of them out anew under the mutex.
class LevelTable {
 public:
  using Threshold = std::atomic<Level>;

  // Lives as long as the table. Names are few: each is remembered for good.
  const Threshold& of(const std::string& logger);

  // As configured. What was overridden stays so.
  void configure(Level level, LevelRules rules);
  void configure(Level level);
  void override_by(LevelRules rules);
  LogLevels shown() const;

 private:
  Level level_of(std::string_view logger) const;
  void work_out();

  mutable std::mutex mutex_;
  // under mutex_
  Level level_ = Level::info;
  LevelRules configured_;
  LevelRules overrides_;
  std::map<std::string, std::unique_ptr<Threshold>, std::less<>> loggers_;
};

// `doorbell.camera.front` is below `doorbell.camera`; `doorbell.cameras` is not.
bool is_at_or_below(std::string_view logger, std::string_view name) noexcept;

}  // namespace porchlight::telemetry
