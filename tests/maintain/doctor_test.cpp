// SPDX-License-Identifier: Apache-2.0
#include "porchlight/maintain/doctor.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "maintain/expect.hpp"

namespace porchlight::maintain {
namespace {

using namespace std::chrono_literals;

TEST(Findings, FactsAreOneGoodLine) {
  Findings findings;
  findings.fact("12 GiB free");
  findings.fact("synced in 1 ms");
  EXPECT_THAT(findings.all(), says_only(Verdict::good, "12 GiB free, synced in 1 ms"));
}

TEST(Findings, ComplaintsReplaceFacts) {
  Findings findings;
  findings.fact("synced");
  findings.warning("little room", "delete");
  findings.bad("read-only", "remount");
  EXPECT_THAT(findings.all(), testing::ElementsAre(Says(Verdict::warning, "little room", "delete"),
                                                   Says(Verdict::bad, "read-only", "remount")));
  EXPECT_EQ(findings.worst(), Verdict::bad);
}

TEST(Findings, SilenceIsNotGood) {
  EXPECT_THAT(Findings().all(), says_only(Verdict::skipped, "nothing to look at"));
}

TEST(Examine, BringsBackEveryFindingAsItWas) {
  const Check check{"disk", 5s, [] {
                      Findings findings;
                      findings.bad("a \"quoted\"\nsecond line, ü", "do 'this'");
                      findings.warning(std::string(100'000, 'x'), "cut");
                      findings.skipped("not seen");
                      return findings;
                    }};
  const auto report = examine(check);
  EXPECT_EQ(report.check, "disk");
  EXPECT_EQ(report.findings, check.run().all());
}

TEST(Examine, ChangesNothingInTheCaller) {
  int touched = 0;
  const Check check{"memory", 5s, [&] {
                      touched = 1;
                      Findings findings;
                      findings.fact("done");
                      return findings;
                    }};
  EXPECT_THAT(examine(check).findings, says_only(Verdict::good, "done"));
  EXPECT_EQ(touched, 0) << "a check that crashes would take the doctor with it";
}

TEST(Examine, GivesUpWhatHangsAndEndsIt) {
  int held[2];
  ASSERT_EQ(::pipe(held), 0);
  const Check check{"hang", 300ms, []() -> Findings {
                      for (;;) ::pause();
                    }};
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(examine(check).findings, says_only(Verdict::bad, "no result within", "journalctl"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s) << "it hangs for ever";
  ::close(held[1]);
  pollfd end{held[0], POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 5000), 1) << "the check's process still holds the pipe";
  ::close(held[0]);
}

TEST(Examine, NamesTheSignalOfACrash) {
  const Check check{"crash", 5s, []() -> Findings {
                      std::signal(SIGABRT, SIG_DFL);
                      std::abort();
                    }};
  EXPECT_THAT(examine(check).findings, says_only(Verdict::bad, "Aborted", "run it again"));
}

TEST(Examine, AnExceptionIsAFinding) {
  const Check check{"throws", 5s, []() -> Findings { throw std::runtime_error("no such tensor"); }};
  EXPECT_THAT(examine(check).findings, says_only(Verdict::bad, "no such tensor", "run it again"));
}

std::vector<Report> four_reports() {
  return {{"clock", {{Verdict::good, "right", ""}}},
          {"disk", {{Verdict::warning, "little room", "delete"}, {Verdict::bad, "read-only", "remount"}}},
          {"unit", {{Verdict::skipped, "no systemd", ""}}},
          {"channel telephone", {{Verdict::warning, "line 1\nline 2", "do"}}}};
}

TEST(Report, IsALinePerFindingWithTheMendBelow) {
  const auto reports = four_reports();
  EXPECT_EQ(text_of(reports[0]), "good     clock          right\n");
  EXPECT_EQ(text_of(reports[1]),
            "warning  disk           little room\n"
            "                        mend: delete\n"
            "bad      disk           read-only\n"
            "                        mend: remount\n");
  EXPECT_EQ(text_of(reports[3]),
            "warning  channel telephone line 1\n"
            "                        line 2\n"
            "                        mend: do\n");
}

TEST(Report, CountsEachCheckOnceByItsWorst) {
  EXPECT_EQ(summary(four_reports()), "1 good, 1 warning, 1 bad, 1 skipped");
  EXPECT_EQ(worst_of(four_reports()), Verdict::bad);
  EXPECT_EQ(worst_of({}), Verdict::good);
}

TEST(Report, IsJson) {
  const auto whole = nlohmann::json::parse(json_of(four_reports()));
  EXPECT_EQ(whole["verdict"], "bad");
  EXPECT_EQ(whole["checks"][1], nlohmann::json::parse(R"({"check":"disk","verdict":"bad","findings":[
      {"verdict":"warning","found":"little room","mend":"delete"},
      {"verdict":"bad","found":"read-only","mend":"remount"}]})"));
  EXPECT_FALSE(whole["checks"][0]["findings"][0].contains("mend"));
}

}  // namespace
}  // namespace porchlight::maintain
