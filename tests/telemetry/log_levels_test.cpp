// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_levels.hpp"

#include <gmock/gmock.h>

#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

Level now(LevelTable& table, const std::string& logger) {
  return table.of(logger).load();
}

TEST(LogLevels, ARuleCountsForItsLoggerAndAllBelowIt) {
  LevelTable table;
  table.configure(Level::warning, {{"doorbell.camera", Level::debug}});
  EXPECT_EQ(now(table, "doorbell.camera"), Level::debug);
  EXPECT_EQ(now(table, "doorbell.camera.front"), Level::debug);
  EXPECT_EQ(now(table, "doorbell.cameras"), Level::warning);
  EXPECT_EQ(now(table, "doorbell"), Level::warning);
}

TEST(LogLevels, TheLongestNameWins) {
  LevelTable table;
  table.configure(Level::info, {{"doorbell", Level::error},
                                {"doorbell.camera", Level::debug},
                                {"doorbell.camera.front", Level::critical}});
  EXPECT_EQ(now(table, "doorbell.http"), Level::error);
  EXPECT_EQ(now(table, "doorbell.camera.back"), Level::debug);
  EXPECT_EQ(now(table, "doorbell.camera.front"), Level::critical);
}

TEST(LogLevels, WhatIsOverriddenOutlastsANewConfiguration) {
  LevelTable table;
  table.configure(Level::info, {{"doorbell.camera", Level::error}});
  table.override_by({{"doorbell", Level::debug}});
  EXPECT_EQ(now(table, "doorbell.camera"), Level::debug);
  table.configure(Level::critical, {{"doorbell.camera", Level::warning}});
  EXPECT_EQ(now(table, "doorbell.camera"), Level::debug);
  EXPECT_EQ(now(table, "other"), Level::critical);
  table.override_by({});
  EXPECT_EQ(now(table, "doorbell.camera"), Level::warning);
}

TEST(LogLevels, ALoggersThresholdFollowsEachChange) {
  LevelTable table;
  const auto& threshold = table.of("doorbell.http");
  EXPECT_EQ(threshold.load(), Level::info);
  table.configure(Level::error);
  EXPECT_EQ(threshold.load(), Level::error);
  table.override_by({{"doorbell.http", Level::debug}});
  EXPECT_EQ(threshold.load(), Level::debug);
  EXPECT_EQ(&threshold, &table.of("doorbell.http"));
  EXPECT_THAT(table.shown().loggers, ElementsAre(Pair("doorbell.http", Level::debug)));
}

TEST(LogLevels, WordsAreThoseOfTheConfiguration) {
  for (const auto level : {Level::debug, Level::info, Level::warning, Level::error, Level::critical})
    EXPECT_EQ(level_of(word_of(level)), level);
  EXPECT_EQ(level_of("warn"), Level::warning);
  for (const char* word : {"", "INFO", "loud", "warnings"}) EXPECT_EQ(level_of(word), std::nullopt) << word;
}

TEST(LogLevels, KnowsALoggersName) {
  for (const char* name : {"doorbell", "doorbell.camera", "a_b-c.9"})
    EXPECT_TRUE(is_logger_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("doorbell."), std::string(".a"), std::string("Doorbell"),
        std::string("a b"), std::string("a\"b"), std::string(65, 'a')})
    EXPECT_FALSE(is_logger_name(name)) << name;
}

class LogLevelsOfTheLog : public LogTest {};

TEST_F(LogLevelsOfTheLog, ALoggerObeysItsRuleAndOthersTheirLevel) {
  set_log_levels(Level::warning, {{"doorbell.test", Level::debug}});
  const Logger other("doorbell.other", Component::system);
  logger_.debug("seen");
  other.info("not seen");
  override_log_levels({{"doorbell.test", Level::error}});
  logger_.warning("not seen either");
  const auto copy = logger_.yielding();
  copy.warning("nor this");
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("\"message\":\"seen\"")));
}

TEST_F(LogLevelsOfTheLog, ANewStartForgetsWhatWasOverridden) {
  override_log_levels({{"doorbell", Level::critical}});
  LogOptions options;
  options.levels = {{"doorbell.test", Level::debug}};
  start(options);
  logger_.debug("seen");
  EXPECT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(log_levels().overrides, testing::IsEmpty());
}

}  // namespace
}  // namespace porchlight::telemetry
