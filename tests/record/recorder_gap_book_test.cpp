// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "record/gap_book.hpp"
#include "record/packets.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::at_ms;

struct Book {
  std::vector<GapNote> told;
  std::map<GapCause, std::chrono::nanoseconds> counted;
  GapBook gaps{"front", [this](RecordNote note) { told.push_back(std::get<GapNote>(note)); },
               [this](GapCause cause, std::chrono::nanoseconds longer) { counted[cause] += longer; }};
};

TEST(GapBook, TellsAGapOnceItHasLastedAndAtItsEnd) {
  Book book;
  book.gaps.begin(GapCause::network, at_ms(1000), "why");
  EXPECT_TRUE(book.gaps.open());
  book.gaps.count(at_ms(1000));
  EXPECT_TRUE(book.told.empty());
  book.gaps.count(at_ms(1001));
  ASSERT_EQ(book.told.size(), 1U);
  EXPECT_EQ(book.told[0].begin, at_ms(1000));
  EXPECT_FALSE(book.told[0].end);
  book.gaps.count(at_ms(2000));
  EXPECT_EQ(book.told.size(), 1U);
  book.gaps.end(at_ms(4000));
  ASSERT_EQ(book.told.size(), 2U);
  EXPECT_EQ(book.told[1].begin, at_ms(1000)) << "the same begin, by which it is known";
  EXPECT_EQ(book.told[1].end, at_ms(4000));
  EXPECT_EQ(book.told[1].cause, GapCause::network);
  EXPECT_EQ(book.told[1].detail, "why");
  book.gaps.end(at_ms(5000));
  EXPECT_EQ(book.told.size(), 2U);
}

TEST(GapBook, OneCauseFollowsAnotherWithoutAHole) {
  Book book;
  book.gaps.begin(GapCause::network, at_ms(1000), {});
  book.gaps.count(at_ms(1500));
  book.gaps.begin(GapCause::network, at_ms(2000), {});
  EXPECT_EQ(book.told.size(), 1U) << "still the same";
  book.gaps.begin(GapCause::volume, at_ms(3000), {});
  book.gaps.count(at_ms(3001));
  ASSERT_EQ(book.told.size(), 3U);
  EXPECT_EQ(book.told[1].end, at_ms(3000));
  EXPECT_EQ(book.told[2].begin, at_ms(3000));
  EXPECT_EQ(book.gaps.cause(), GapCause::volume);
}

TEST(GapBook, WhatHasNoLengthIsNoRow) {
  Book book;
  book.gaps.begin(GapCause::network, at_ms(1000), "first");
  book.gaps.begin(GapCause::eof, at_ms(500), "second");
  book.gaps.begin(GapCause::auth, at_ms(1000), "third");
  EXPECT_EQ(book.gaps.cause(), GapCause::auth);
  book.gaps.end(at_ms(1200));
  ASSERT_EQ(book.told.size(), 2U);
  EXPECT_EQ(book.told[1].detail, "third");
  EXPECT_EQ(book.told[1].begin, at_ms(1000));
  EXPECT_EQ(book.told[1].end, at_ms(1200));
  book.gaps.begin(GapCause::network, at_ms(2000), {});
  book.gaps.end(at_ms(2000));
  book.gaps.begin(GapCause::network, at_ms(3000), {});
  book.gaps.end(at_ms(400));
  EXPECT_EQ(book.told.size(), 2U);
  EXPECT_FALSE(book.gaps.open());
  EXPECT_EQ(book.counted[GapCause::network], 0ns);
}

TEST(GapBook, TheNextNeverBeginsBeforeWhatWasCounted) {
  Book book;
  book.gaps.begin(GapCause::network, at_ms(1000), {});
  book.gaps.count(at_ms(2000));
  book.gaps.begin(GapCause::eof, at_ms(1500), {});
  book.gaps.end(at_ms(3000));
  ASSERT_EQ(book.told.size(), 4U);
  EXPECT_EQ(book.told[1].end, at_ms(2000));
  EXPECT_EQ(book.told[2].begin, at_ms(2000));
  EXPECT_EQ(book.counted[GapCause::network] + book.counted[GapCause::eof], 2s);
}

TEST(GapBook, CountsWhileItLastsAndNotTwice) {
  Book book;
  book.gaps.begin(GapCause::eof, at_ms(1000), {});
  book.gaps.count(at_ms(1500));
  EXPECT_EQ(book.counted[GapCause::eof], 500ms);
  book.gaps.count(at_ms(1400));
  EXPECT_EQ(book.counted[GapCause::eof], 500ms);
  book.gaps.begin(GapCause::auth, at_ms(2000), {});
  EXPECT_EQ(book.counted[GapCause::eof], 1s);
  book.gaps.end(at_ms(2250));
  EXPECT_EQ(book.counted[GapCause::auth], 250ms);
  book.gaps.count(at_ms(9000));
  EXPECT_EQ(book.counted[GapCause::auth], 250ms);
}

}  // namespace
}  // namespace porchlight::record
