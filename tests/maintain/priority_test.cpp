// SPDX-License-Identifier: Apache-2.0
#include "maintain/priority.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maintain/expect.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

constexpr const char* head =
    "Limit                     Soft Limit           Hard Limit           Units     \n";

std::string limits(const std::string& nice) {
  return std::string(head) + "Max nice priority         " + nice +
         "                    0                    \n";
}

TEST(LeastNice, FollowsTheSoftLimit) {
  EXPECT_EQ(least_nice(limits("30"), "CapEff:\t0000000000000000\n"), -10);
  EXPECT_EQ(least_nice(limits("0 "), "CapEff:\t0000000000000000\n"), 20);
  EXPECT_EQ(least_nice(limits("unlimited"), ""), -20);
}

TEST(LeastNice, ACapabilityNeedsNoLimit) {
  EXPECT_EQ(least_nice(limits("0 "), "Name:\tx\nCapEff:\t0000000000800000\n"), -20);
  EXPECT_EQ(least_nice(limits("0 "), "CapEff:\t00000000ff7fffff\n"), 20);
}

TEST(LeastNice, IsUnknownWithoutText) {
  EXPECT_EQ(least_nice("", ""), std::nullopt);
  EXPECT_EQ(least_nice(limits("x"), ""), std::nullopt);
}

TEST(PriorityCheck, Judges) {
  EXPECT_THAT(judge_priority(-10).all(), says_only(Verdict::good, "to nice -10"));
  EXPECT_THAT(judge_priority(-9).all(), says_only(Verdict::warning, "may not raise", "LimitNICE=-10"));
  EXPECT_THAT(judge_priority(std::nullopt).all(),
              says_only(Verdict::skipped, "cannot be read", run_with_sudo));
}

// A process of an ordinary user with that limit, which waits to be looked at.
Verdict verdict_of_process_with(rlim_t nice) {
  int gate[2];
  if (::pipe(gate) != 0) std::abort();
  const auto child = ::fork();
  if (child == 0) {
    const rlimit limit{nice, nice};
    if (::setrlimit(RLIMIT_NICE, &limit) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(1);
    if (::write(gate[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char ready = 0;
  if (::read(gate[0], &ready, 1) != 1) std::abort();
  const auto verdict = check_priority(child).worst();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(gate[0]);
  ::close(gate[1]);
  return verdict;
}

TEST(PriorityCheck, WarnsOfARealProcessWithoutTheLimit) {
  PORCHLIGHT_NEEDS_ROOT();
  EXPECT_EQ(verdict_of_process_with(0), Verdict::warning);
}

TEST(PriorityCheck, IsGoodForARealProcessWithTheLimit) {
  PORCHLIGHT_NEEDS_ROOT();
  rlimit ours{};
  ::getrlimit(RLIMIT_NICE, &ours);
  const rlimit raised{30, 30};
  if (::setrlimit(RLIMIT_NICE, &raised) != 0) GTEST_SKIP() << "RLIMIT_NICE may not be raised here";
  EXPECT_EQ(verdict_of_process_with(30), Verdict::good);
  ::setrlimit(RLIMIT_NICE, &ours);
}

TEST(PriorityCheck, AProcessThatIsGoneIsSkipped) {
  const auto child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(check_priority(child).worst(), Verdict::skipped);
}

}  // namespace
}  // namespace porchlight::maintain
