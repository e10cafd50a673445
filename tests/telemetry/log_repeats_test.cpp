// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_repeats.hpp"

#include <gmock/gmock.h>

#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Record error(std::string message, std::string camera = "front") {
  Record record;
  record.level = Level::error;
  record.logger = "doorbell.test";
  record.message = std::move(message);
  record.fields = {{"camera_id", std::move(camera)}};
  return record;
}

std::int64_t repeated(const Record& record) {
  return record.fields.empty() || record.fields.back().first != "repeated"
             ? 0
             : std::get<std::int64_t>(record.fields.back().second);
}

class Repeats : public testing::Test {
 protected:
  LogRepeats repeats_;
  MonotonicTime now_{1h};
};

TEST_F(Repeats, TheFirstIsWrittenAndTheRestIsCountedOnceAMinute) {
  EXPECT_TRUE(repeats_.admits(error("stuck"), now_));
  for (int n = 0; n < 5; ++n) EXPECT_FALSE(repeats_.admits(error("stuck"), now_ + 1s));
  EXPECT_THAT(repeats_.due(now_ + 59s), IsEmpty());
  const auto first = repeats_.due(now_ + 60s);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first.front().message, "stuck");
  EXPECT_EQ(repeated(first.front()), 5);
  EXPECT_FALSE(repeats_.admits(error("stuck"), now_ + 61s));
  EXPECT_THAT(repeats_.due(now_ + 119s), IsEmpty());
  const auto second = repeats_.due(now_ + 120s);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(repeated(second.front()), 1);
}

TEST_F(Repeats, WhatWasQuietForAMinuteIsNew) {
  EXPECT_TRUE(repeats_.admits(error("stuck"), now_));
  EXPECT_THAT(repeats_.due(now_ + 60s), IsEmpty());
  EXPECT_TRUE(repeats_.admits(error("stuck"), now_ + 61s));
}

TEST_F(Repeats, WhatDiffersIsAnotherFault) {
  EXPECT_TRUE(repeats_.admits(error("stuck"), now_));
  EXPECT_TRUE(repeats_.admits(error("stuck", "back"), now_));
  EXPECT_TRUE(repeats_.admits(error("broken"), now_));
  auto elsewhere = error("stuck");
  elsewhere.line = 7;
  EXPECT_TRUE(repeats_.admits(elsewhere, now_));
  auto worse = error("stuck");
  worse.level = Level::critical;
  EXPECT_TRUE(repeats_.admits(worse, now_));
}

TEST_F(Repeats, TimesAndIdsDoNotMakeADifference) {
  EXPECT_TRUE(repeats_.admits(error("stuck"), now_));
  auto later = error("stuck");
  later.ids.trace_id = "5b8efff798038103d269b633813fc60c";
  later.at += 1s;
  EXPECT_FALSE(repeats_.admits(later, now_));
  EXPECT_EQ(repeats_.due(now_ + 60s).front().ids.trace_id, later.ids.trace_id) << "the last one's";
}

TEST_F(Repeats, BelowErrorNothingIsHeldBack) {
  auto warning = error("late");
  warning.level = Level::warning;
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(repeats_.admits(warning, now_));
}

TEST_F(Repeats, WhatIsTooMuchToRememberIsWritten) {
  for (int n = 0; n < 2; ++n) EXPECT_TRUE(repeats_.admits(error(std::string(5000, 'x')), now_));
  for (std::size_t n = 0; n < LogRepeats::most; ++n)
    EXPECT_TRUE(repeats_.admits(error("number " + std::to_string(n)), now_));
  for (int n = 0; n < 2; ++n) EXPECT_TRUE(repeats_.admits(error("one more"), now_));
  EXPECT_FALSE(repeats_.admits(error("number 3"), now_));
}

TEST_F(Repeats, AnEndTellsWhatIsLeft) {
  repeats_.admits(error("stuck"), now_);
  repeats_.admits(error("broken"), now_);
  repeats_.admits(error("stuck"), now_);
  const auto rest = repeats_.rest();
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(repeated(rest.front()), 1);
  EXPECT_THAT(repeats_.rest(), IsEmpty());
}

class RepeatedLog : public LogTest {};

TEST_F(RepeatedLog, SaysAnErrorOnceAndAtTheEndHowOften) {
  for (int n = 0; n < 10; ++n) logger_.error("stuck", {{"camera_id", std::string("front")}});
  EXPECT_THAT(lines(), ElementsAre(Not(HasSubstr("repeated"))));
  stop_logging();
  EXPECT_THAT(
      lines_of(folder_ / "out"),
      ElementsAre(HasSubstr("stuck"), testing::AllOf(HasSubstr("stuck"), HasSubstr("\"repeated\":9"))));
}

}  // namespace
}  // namespace porchlight::telemetry
