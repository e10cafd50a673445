// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// Tells what happened for the first time in a minute from what happened again, so that a repetition does
// not fill the records. Remembers a bounded number of things. Any thread.
class OnceAMinute {
 public:
  static constexpr std::chrono::seconds period{60};
  static constexpr std::size_t remembered = 1024;
  // When more than that happened within a minute: begin anew, which makes more records and never fewer; or
  // take what is new for known, so that there are never more records than that in a minute.
  enum class WhenFull : std::uint8_t { begin_anew, say_no };

  OnceAMinute(const Clock& clock, WhenFull when_full) : clock_(clock), when_full_(when_full) {}

  bool is_new(const std::string& what);
  // It could not be recorded: the next time is the first again.
  void forget(const std::string& what);

 private:
  const Clock& clock_;
  const WhenFull when_full_;
  std::mutex mutex_;
  std::map<std::string, MonotonicTime> noted_;
};

}  // namespace porchlight::api
