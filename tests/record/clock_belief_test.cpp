// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/clock_belief.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_folder.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

constexpr WallTime now{std::chrono::seconds{1'764'000'000}};
constexpr WallTime year_1970{std::chrono::seconds{86'400}};

// Every combination of what the judge looks at.
TEST(ClockBelief, IsWhatTheRulesSay) {
  for (const bool plausible : {false, true})
    for (const bool synchronised : {false, true})
      for (const bool chip : {false, true})
        for (const int footage : {-1, 0, 1})  // none, older than now, newer
          for (const bool waited : {false, true}) {
            ClockFacts facts;
            facts.now = plausible ? now : year_1970;
            facts.synchronised = synchronised;
            facts.has_chip = chip;
            if (footage >= 0) facts.newest_footage = facts.now + (footage == 1 ? 1h : -1h);
            facts.running = waited ? 10min : 10min - 1ms;
            const bool by_chip = chip && footage != 1;
            const auto wanted = !plausible     ? ClockBelief::implausible
                                : synchronised ? ClockBelief::synchronised
                                : by_chip      ? ClockBelief::chip
                                : waited       ? ClockBelief::waited
                                               : ClockBelief::not_yet;
            EXPECT_EQ(judge_clock(facts), wanted) << plausible << synchronised << chip << footage << waited
                                                  << " is " << to_string(judge_clock(facts));
          }
}

TEST(ClockBelief, TwoKindsAreNoBelief) {
  EXPECT_FALSE(is_believed(ClockBelief::implausible));
  EXPECT_FALSE(is_believed(ClockBelief::not_yet));
  for (const auto belief : {ClockBelief::synchronised, ClockBelief::chip, ClockBelief::waited})
    EXPECT_TRUE(is_believed(belief));
}

TEST(ClockBelief, AClockChipIsWhatTheKernelLists) {
  const TemporaryFolder root;
  EXPECT_FALSE(has_clock_chip(root.path()));
  std::filesystem::create_directories(root.path() / "sys/class/rtc");
  EXPECT_FALSE(has_clock_chip(root.path()));
  std::filesystem::create_directories(root.path() / "sys/class/rtc/rtc0");
  EXPECT_TRUE(has_clock_chip(root.path()));
}

TEST(ClockBelief, TheTimeServiceLeavesAFile) {
  const TemporaryFolder root;
  EXPECT_FALSE(time_service_synchronised(root.path()));
  std::filesystem::create_directories(root.path() / "run/systemd/timesync/synchronized");
  EXPECT_TRUE(time_service_synchronised(root.path()));
}

}  // namespace
}  // namespace porchlight::record
