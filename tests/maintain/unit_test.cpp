// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <systemd/sd-daemon.h>

#include "maintain/expect.hpp"
#include "maintain/unit_facts.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

// A service as it should be.
UnitFacts healthy() {
  UnitFacts facts;
  facts.load_state = "loaded";
  facts.file_state = "enabled";
  facts.active_state = "active";
  facts.sub_state = "running";
  facts.result = "success";
  facts.user = facts.group = "porchlight";
  facts.supplementary_groups = {"gpio"};
  facts.user_exists = facts.group_exists = true;
  return facts;
}

auto judged(const UnitFacts& facts, bool needs_gpio = true) {
  return judge_unit(facts, needs_gpio).all();
}

TEST(UnitCheck, HealthyIsGood) {
  EXPECT_THAT(judged(healthy()),
              says_only(Verdict::good, "porchlight.service is active (running), enabled, as porchlight"));
}

TEST(UnitCheck, NamesWhatOverridesTheUnit) {
  auto facts = healthy();
  facts.drop_ins = {"/etc/systemd/system/porchlight.service.d/override.conf"};
  EXPECT_THAT(judged(facts),
              says_only(Verdict::good, "overridden by /etc/systemd/system/porchlight.service.d/"));
}

TEST(UnitCheck, NotInstalledIsSkippedMaskedAndBrokenAreBad) {
  auto facts = healthy();
  facts.load_state = "not-found";
  EXPECT_THAT(judged(facts), says_only(Verdict::skipped, "not installed", "apt install ./porchlight"));
  facts.load_state = "masked";
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "masked", "systemctl unmask porchlight"));
  facts.load_state = "bad-setting";
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "bad-setting", "systemd-analyze verify"));
}

TEST(UnitCheck, FailureSaysWhyAndHowOften) {
  auto facts = healthy();
  facts.active_state = facts.sub_state = "failed";
  facts.result = "exit-code";
  facts.exit_status = 3;
  facts.restarts = 5;
  EXPECT_THAT(judged(facts),
              says_only(Verdict::bad, "ended by exit-code, status 3, restarted 5 times", "journalctl"));
}

TEST(UnitCheck, AServiceThatKeepsCrashingIsBad) {
  auto facts = healthy();
  facts.active_state = "activating";
  facts.sub_state = "auto-restart";
  facts.result = "watchdog";
  facts.restarts = 7;
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "ended by watchdog, restarted 7 times", "journalctl"));
}

TEST(UnitCheck, StoppedAndDisabledAndRestartedAreWarnings) {
  auto facts = healthy();
  facts.active_state = "inactive";
  facts.sub_state = "dead";
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "does not run", "systemctl start porchlight"));
  facts = healthy();
  facts.file_state = "disabled";
  EXPECT_THAT(judged(facts),
              says_only(Verdict::bad, "not started with the machine", "systemctl enable porchlight"));
  facts = healthy();
  facts.restarts = 2;
  EXPECT_THAT(judged(facts), says_only(Verdict::warning, "restarted 2 times", "journalctl"));
  facts = healthy();
  facts.needs_daemon_reload = true;
  EXPECT_THAT(judged(facts), says_only(Verdict::warning, "has changed", "systemctl daemon-reload"));
}

TEST(UnitCheck, AccountsMustExist) {
  auto facts = healthy();
  facts.user_exists = false;
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "user porchlight does not exist", "adduser --system"));
  facts = healthy();
  facts.group_exists = false;
  EXPECT_THAT(judged(facts),
              says_only(Verdict::bad, "group porchlight does not exist", "addgroup --system porchlight"));
  facts = healthy();
  facts.missing_groups = {"audio"};
  EXPECT_THAT(judged(facts, false),
              says_only(Verdict::bad, "group audio, which the unit names, does not exist",
                        "addgroup --system audio"));
  facts.user = "root";
  EXPECT_THAT(judged(facts), says_only(Verdict::warning, "runs as root", "User=porchlight"));
}

TEST(UnitCheck, GpioButtonsNeedTheGroupOneWayOrTheOther) {
  auto facts = healthy();
  facts.supplementary_groups.clear();
  EXPECT_THAT(judged(facts), says_only(Verdict::bad, "not in the group gpio", "adduser porchlight gpio"));
  EXPECT_EQ(judge_unit(facts, false).worst(), Verdict::good) << "only virtual buttons";
  facts.user_in_gpio = true;
  EXPECT_EQ(judge_unit(facts, true).worst(), Verdict::good);
}

TEST(UnitCheck, AccountsAreReadFromThisMachine) {
  UnitFacts facts;
  facts.user = "no_such_user_here";
  facts.group = "no_such_group_here";
  read_accounts(facts);
  EXPECT_FALSE(facts.user_exists || facts.group_exists || facts.user_in_gpio);
  facts.user = facts.group = "root";
  facts.supplementary_groups = {"root", "no_such_group_here"};
  read_accounts(facts);
  EXPECT_TRUE(facts.user_exists && facts.group_exists);
  EXPECT_EQ(facts.missing_groups, std::vector<std::string>{"no_such_group_here"});
}

TEST(UnitCheck, WithoutSystemdItIsSkippedInWords) {
  if (::sd_booted() > 0) GTEST_SKIP() << "this machine was booted with systemd";
  EXPECT_THAT(check_unit(true).all(), says_only(Verdict::skipped, "not booted with systemd"));
}

}  // namespace
}  // namespace porchlight::maintain
