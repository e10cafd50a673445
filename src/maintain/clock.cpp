// SPDX-License-Identifier: Apache-2.0
#include "maintain/clock.hpp"

#include <sys/timex.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

int year_of(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return static_cast<int>(date.year());
}

bool time_service_installed() {
  std::error_code ignored;
  for (const auto* program : {"/lib/systemd/systemd-timesyncd", "/usr/sbin/chronyd", "/usr/sbin/ntpd",
                              "/usr/sbin/ntpd-rs", "/usr/sbin/openntpd"})
    if (std::filesystem::exists(program, ignored)) return true;
  return false;
}

std::string mend_of(const ClockFacts& facts) {
  return facts.has_time_service ? "timedatectl set-ntp true"
                                : "apt install systemd-timesyncd && timedatectl set-ntp true";
}

}  // namespace

ClockFacts read_clock() {
  ClockFacts facts;
  facts.now = SystemClock().wall();
  timex kernel{};  // modes 0: only asks
  const int state = ::adjtimex(&kernel);
  facts.synchronised = state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
  facts.worst_error_seconds = static_cast<double>(kernel.maxerror) / 1e6;
  facts.has_time_service = time_service_installed();
  return facts;
}

Findings judge_clock(const ClockFacts& facts) {
  Findings findings;
  if (year_of(facts.now) < PORCHLIGHT_BUILD_YEAR) {
    findings.bad("it is " + rfc3339(facts.now) + ", which is before this program was built (" +
                     std::to_string(PORCHLIGHT_BUILD_YEAR) + "): events and certificates will be wrong",
                 mend_of(facts) + ", or set it by hand: timedatectl set-time 'YYYY-MM-DD hh:mm:ss'");
    return findings;
  }
  if (!facts.synchronised) {
    findings.warning(rfc3339(facts.now) + ", but nothing keeps the clock right", mend_of(facts));
    return findings;
  }
  std::array<char, 64> error{};
  std::snprintf(error.data(), error.size(), "synchronised, at most %.1f ms off",
                facts.worst_error_seconds * 1e3);
  findings.fact(rfc3339(facts.now));
  findings.fact(error.data());
  return findings;
}

Findings check_clock() {
  return judge_clock(read_clock());
}

}  // namespace porchlight::maintain
