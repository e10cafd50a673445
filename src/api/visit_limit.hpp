// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// How often one address may knock in a minute, at a door that nobody logs in at. Remembers a bounded number
// of addresses; when more come within a minute it begins anew, because a stranger's flood must not lock out
// whoever answers the door. One thread at a time.
class VisitLimit {
 public:
  static constexpr std::size_t remembered = 1024;

  VisitLimit(const Clock& clock, std::uint32_t most_a_minute) : clock_(clock), most_(most_a_minute) {}

  bool may_come(const std::string& address);

 private:
  const Clock& clock_;
  const std::uint32_t most_;
  MonotonicTime minute_ends_{};
  std::unordered_map<std::string, std::uint32_t> visits_;
};

}  // namespace porchlight::api
