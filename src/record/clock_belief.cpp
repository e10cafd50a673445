// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/clock_belief.hpp"

#include <sys/timex.h>

#include <system_error>

namespace porchlight::record {
namespace {

// 2020-01-01. A clock that says less starts from nothing.
constexpr WallTime earliest{std::chrono::seconds{1'577'836'800}};

}  // namespace

std::string_view to_string(ClockBelief belief) noexcept {
  switch (belief) {
    case ClockBelief::implausible:
      return "implausible";
    case ClockBelief::not_yet:
      return "not_yet";
    case ClockBelief::synchronised:
      return "synchronised";
    case ClockBelief::chip:
      return "chip";
    case ClockBelief::waited:
      return "waited";
  }
  return "not_yet";
}

// A chip whose battery is empty is as good as none: then it is the ten minutes.
ClockBelief judge_clock(const ClockFacts& facts) noexcept {
  if (facts.now < earliest) return ClockBelief::implausible;
  if (facts.synchronised) return ClockBelief::synchronised;
  if (facts.has_chip && (!facts.newest_footage || facts.now > *facts.newest_footage))
    return ClockBelief::chip;
  if (facts.running >= longest_disbelief) return ClockBelief::waited;
  return ClockBelief::not_yet;
}

bool kernel_clock_synchronised() noexcept {
  timex kernel{};  // modes 0: only asks
  const int state = ::adjtimex(&kernel);
  return state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
}

bool time_service_synchronised(const std::filesystem::path& root) {
  std::error_code failed;
  return std::filesystem::exists(root / "run/systemd/timesync/synchronized", failed);
}

bool has_clock_chip(const std::filesystem::path& root) {
  std::error_code failed;
  const std::filesystem::directory_iterator chips(root / "sys/class/rtc", failed);
  return !failed && chips != std::filesystem::directory_iterator();
}

}  // namespace porchlight::record
