// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/hours.hpp"

#include <gmock/gmock.h>

#include "notify/local_time.hpp"

namespace porchlight::notify {
namespace {

bool covers(const std::string& text, const std::string& time) {
  const auto window = parse_window(text);
  if (!window) ADD_FAILURE() << window.error().text();
  return window && covers(Hours{*window}, at(time));
}

TEST(Hours, FirstMinuteIsInsideAndLastIsNot) {
  const InBerlin berlin;
  // 2026-11-26 is a Thursday, one hour ahead of UTC.
  EXPECT_FALSE(covers("08:00-18:00", "2026-11-26T06:59:59.999Z"));
  EXPECT_TRUE(covers("08:00-18:00", "2026-11-26T07:00:00Z"));
  EXPECT_TRUE(covers("08:00-18:00", "2026-11-26T16:59:59.999Z"));
  EXPECT_FALSE(covers("08:00-18:00", "2026-11-26T17:00:00Z"));
}

TEST(Hours, RunOverMidnightIntoTheNextDay) {
  const InBerlin berlin;
  EXPECT_TRUE(covers("thu 22:00-07:00", "2026-11-26T21:00:00Z"));   // Thursday 22:00
  EXPECT_TRUE(covers("thu 22:00-07:00", "2026-11-27T05:59:59Z"));   // Friday 06:59
  EXPECT_FALSE(covers("thu 22:00-07:00", "2026-11-27T06:00:00Z"));  // Friday 07:00
  EXPECT_FALSE(covers("thu 22:00-07:00", "2026-11-27T21:00:00Z"));  // Friday 22:00
  EXPECT_FALSE(covers("thu 22:00-07:00", "2026-11-26T05:00:00Z"));  // Thursday 06:00
  EXPECT_TRUE(covers("sun 22:00-07:00", "2026-11-30T05:00:00Z"));   // Monday 06:00
}

TEST(Hours, DaysAreListedAndSpanned) {
  const InBerlin berlin;
  const auto days = [](const std::string& text) { return parse_window(text)->days; };
  EXPECT_EQ(days("mon-fri"), 0x1f);
  EXPECT_EQ(days("sat,sun"), 0x60);
  EXPECT_EQ(days("fri-mon 20:00-24:00"), 0x71);
  EXPECT_EQ(days("mon,wed-thu"), 0x0d);
  EXPECT_EQ(days("20:00-24:00"), 0x7f);
  EXPECT_TRUE(covers("thu", "2026-11-26T22:59:59Z"));
  EXPECT_FALSE(covers("thu", "2026-11-26T23:00:00Z"));
}

TEST(Hours, GoByTheReadingOfTheClockWhenItIsSet) {
  const InBerlin berlin;
  // 02:00-03:00 is skipped: 01:59:59 is followed by 03:00:00.
  EXPECT_FALSE(covers("02:00-03:00", "2026-03-29T00:59:59Z"));
  EXPECT_FALSE(covers("02:00-03:00", "2026-03-29T01:00:00Z"));
  EXPECT_TRUE(covers("01:30-03:01", "2026-03-29T01:00:59Z"));
  // 02:00-03:00 comes twice.
  EXPECT_TRUE(covers("02:00-03:00", "2026-10-25T00:00:00Z"));
  EXPECT_TRUE(covers("02:00-03:00", "2026-10-25T01:59:59Z"));
  EXPECT_FALSE(covers("02:00-03:00", "2026-10-25T02:00:00Z"));
  EXPECT_TRUE(covers("02:15-02:20", "2026-10-25T00:15:00Z"));
  EXPECT_FALSE(covers("02:15-02:20", "2026-10-25T00:20:00Z"));
  EXPECT_TRUE(covers("02:15-02:20", "2026-10-25T01:15:00Z"));
}

TEST(Hours, NoHoursCoverNothing) {
  EXPECT_FALSE(covers(Hours{}, at("2026-11-26T12:00:00Z")));
}

TEST(Hours, WhatIsNoSpanIsRefused) {
  for (const auto* text : {"",
                           " ",
                           "22:00",
                           "22:00-",
                           "-07:00",
                           "22-07",
                           "22:00-07:60",
                           "24:00-07:00",
                           "22:00-24:01",
                           "7:00-8:00",
                           "22:00-22:00",
                           "mon-",
                           "mon,",
                           ",mon",
                           "Mon",
                           "mon  08:00-09:00",
                           "mon 08:00-09:00 ",
                           "08:00-09:00 mon",
                           "montag 08:00-09:00",
                           "mon-tue-wed",
                           "0a:00-01:00",
                           "08:00_09:00"})
    EXPECT_FALSE(parse_window(text)) << text;
}

}  // namespace
}  // namespace porchlight::notify
