// SPDX-License-Identifier: Apache-2.0
#include "maintain/clock.hpp"

#include <gtest/gtest.h>
#include <sys/timex.h>

#include "maintain/expect.hpp"

namespace porchlight::maintain {
namespace {

using namespace std::chrono_literals;

constexpr WallTime year_2020{std::chrono::seconds{1'590'000'000}};
const WallTime today = SystemClock().wall();

TEST(ClockCheck, SynchronisedIsGoodAndSaysHowWell) {
  EXPECT_THAT(judge_clock({today, true, 0.0123, true}).all(),
              says_only(Verdict::good, "at most 12.3 ms off"));
}

TEST(ClockCheck, UnsynchronisedIsAWarning) {
  EXPECT_THAT(judge_clock({today, false, 16, true}).all(),
              says_only(Verdict::warning, "nothing keeps the clock right", "timedatectl set-ntp true"));
  EXPECT_THAT(judge_clock({today, false, 16, false}).all(),
              says_only(Verdict::warning, "nothing keeps", "apt install systemd-timesyncd"));
}

TEST(ClockCheck, YearBeforeTheBuildIsBad) {
  EXPECT_THAT(judge_clock({year_2020, true, 0, true}).all(),
              says_only(Verdict::bad, "it is 2020-05-20", "timedatectl set-time"));
}

TEST(ClockCheck, AsksTheKernel) {
  timex kernel{};
  const bool synchronised = ::adjtimex(&kernel) != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
  const auto facts = read_clock();
  EXPECT_EQ(facts.synchronised, synchronised);
  EXPECT_NEAR(facts.worst_error_seconds, static_cast<double>(kernel.maxerror) / 1e6, 1);
  EXPECT_LT(std::chrono::abs(facts.now - SystemClock().wall()), 5s);
}

}  // namespace
}  // namespace porchlight::maintain
