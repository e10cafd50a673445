// SPDX-License-Identifier: Apache-2.0
#include "host/program.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

using namespace std::chrono_literals;

TEST(ProcessStat, ReadsBehindANameWithBrackets) {
  const auto stat = process_stat_in("12 (a) b (c) S 7 12 1 0 -1 0 1 2 3 4 10 20 30 40 20 0 3 0 5 6 123 9\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->group, 12);
  EXPECT_EQ(stat->ticks, 100u);
  EXPECT_EQ(stat->resident_pages, 123u);
}

TEST(ProcessStat, OfALineThatIsNoneIsNothing) {
  for (const char* line :
       {"", "12", "12 (a", "12 (a) S 7 12", "12 (a) S 7 12 1 0 -1 0 1 2 3 4 x 20 30 40 20 0 3 0 5 6 123\n",
        "12 (a) S 7 12 1 0 -1 0 1 2 3 4 99999999999 20 30 40 20 0 3 0 5 6 123\n",
        "12 (a) S 7 12 1 0 -1 0 1 2 3 4 10 20 30 -40 20 0 3 0 5 6 123\n",
        "12 (a) S 7 99999999999 1 0 -1 0 1 2 3 4 10 20 30 40 20 0 3 0 5 6 123\n",
        "12 (a) S 7 12 1 0 -1 0 1 2 3 4 10 20 30 40 20 0 3 0 5 6 18446744073709551615\n"})
    EXPECT_FALSE(process_stat_in(line)) << line;
}

TEST(ProgramUse, IsThatOfAllItHasStarted) {
  Tree tree;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  tree.write("proc/50/stat", stat_of(50, ::getpid(), 50, 10, 1));
  tree.write("proc/50/task/50/children", "51 ");
  tree.write("proc/50/task/60/children", "52 53 nonsense ");
  tree.write("proc/51/stat", stat_of(51, 50, 50, 20, 2));
  tree.write("proc/51/task/51/children", "54");
  tree.write("proc/52/stat", stat_of(52, 50, 50, 40, 4));
  tree.write("proc/54/stat", stat_of(54, 51, 50, 80, 8));
  const auto use = program_use(tree.root(), 50);
  ASSERT_TRUE(use);
  EXPECT_EQ(use->memory_bytes, 15 * page) << "53 has ended meanwhile";
  EXPECT_EQ(use->cpu, std::chrono::nanoseconds(1s) * 150 / ::sysconf(_SC_CLK_TCK));
}

TEST(ProgramUse, ThatStartsItselfOverAndOverIsBounded) {
  Tree tree;
  tree.write("proc/50/stat", stat_of(50, ::getpid(), 50, 1, 1));
  tree.write("proc/50/task/50/children", "50 50 50");
  const auto use = program_use(tree.root(), 50);
  ASSERT_TRUE(use);
  EXPECT_LE(use->cpu, std::chrono::nanoseconds(1s) * 64 / ::sysconf(_SC_CLK_TCK));
}

TEST(ProgramUse, OfAnotherProcessUnderItsNumberIsNothing) {
  Tree tree;
  EXPECT_FALSE(program_use(tree.root(), 50));
  tree.write("proc/50/stat", stat_of(50, 1, 50, 10, 1));
  EXPECT_FALSE(program_use(tree.root(), 50)) << "not ours";
  tree.write("proc/50/stat", stat_of(50, ::getpid(), 49, 10, 1));
  EXPECT_FALSE(program_use(tree.root(), 50)) << "no leader";
}

TEST(ProgramUse, OfARealOneGrowsWithItsWork) {
  const auto child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    for (;;) ::getppid();
  }
  ::setpgid(child, child);
  std::optional<ProgramUse> use;
  for (int i = 0; i < 3000 && (!use || use->cpu < 50ms); ++i) {
    std::this_thread::sleep_for(10ms);
    use = program_use("/", child);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(use);
  EXPECT_GE(use->cpu, 50ms);
  EXPECT_GT(use->memory_bytes, 100'000u);
  EXPECT_FALSE(program_use("/", child)) << "it has ended";
}

}  // namespace
}  // namespace porchlight::host
