// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/time_check.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/temporary_folder.hpp"

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

const WallTime noon{1'738'152'000s};

TimeFacts at_noon(std::optional<bool> kernel, std::optional<WallTime> set = {}, bool service = false) {
  TimeFacts facts;
  facts.now = noon;
  facts.kernel = kernel;
  facts.service_runs = service || set;
  facts.service_set = set;
  return facts;
}

TEST(TimeCheck, TakesTheKernelsWord) {
  EXPECT_THAT(time_fault(at_noon(true)), IsEmpty());
  EXPECT_THAT(time_fault(at_noon(true, {}, true)), IsEmpty());
  EXPECT_EQ(time_fault(at_noon(false)), "nothing keeps the clock right");
}

TEST(TimeCheck, TakesTheServicesWhileItIsFresh) {
  for (const auto kernel : {std::optional<bool>(), std::optional(false)}) {
    EXPECT_THAT(time_fault(at_noon(kernel, noon - 34min)), IsEmpty());
    EXPECT_THAT(time_fault(at_noon(kernel, noon + 1s)), IsEmpty());
    EXPECT_EQ(time_fault(at_noon(kernel, noon - 4h)),
              "systemd-timesyncd set the clock 240 min ago, or it was put on since");
    EXPECT_EQ(time_fault(at_noon(kernel, noon + 90min)),
              "the clock was put back by 90 min since systemd-timesyncd set it");
    EXPECT_EQ(time_fault(at_noon(kernel, {}, true)), "systemd-timesyncd has not set the clock");
  }
}

// Under the service's restrictions, with a time service that leaves no word.
TEST(TimeCheck, AccusesNobodyWhereNothingIsKnown) {
  EXPECT_THAT(time_fault(at_noon({})), IsEmpty());
}

TEST(TimeCheck, ReadsWhatTheServiceLeaves) {
  const TemporaryFolder root;
  const SystemClock clock;
  EXPECT_FALSE(read_time_facts(clock, root.path()).service_runs);
  std::filesystem::create_directories(root.path() / "run/systemd/timesync");
  EXPECT_TRUE(read_time_facts(clock, root.path()).service_runs);
  EXPECT_FALSE(read_time_facts(clock, root.path()).service_set);
  std::ofstream(root.path() / "run/systemd/timesync/synchronized") << "";
  const auto facts = read_time_facts(clock, root.path());
  ASSERT_TRUE(facts.service_set);
  EXPECT_LE(*facts.service_set, facts.now);
  EXPECT_THAT(time_fault(facts), IsEmpty());
}

}  // namespace
}  // namespace porchlight::observe
