// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "porchlight/base/clock.hpp"

namespace porchlight::notify {

// The local time is Berlin's while this lives: its clock skips 2026-03-29 02:00-03:00 and shows 2026-10-25
// 02:00-03:00 twice. The rule is written out, so that no table of zones is needed.
class InBerlin {
 public:
  InBerlin() {
    if (const auto* zone = std::getenv("TZ")) before_ = zone;
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  ~InBerlin() {
    if (before_.empty())
      ::unsetenv("TZ");
    else
      ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }
  InBerlin(const InBerlin&) = delete;
  InBerlin& operator=(const InBerlin&) = delete;

 private:
  std::string before_;
};

inline WallTime at(const std::string& text) {
  const auto time = parse_rfc3339(text);
  if (!time) ADD_FAILURE() << text << " is no time";
  return time.value_or(WallTime{});
}

}  // namespace porchlight::notify
