// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/nal_units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace porchlight::media {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> units_of(const std::string& bytes, std::size_t length_size = 0) {
  std::vector<std::string> all;
  NalUnits units(bytes, length_size);
  std::size_t end = 0;
  while (units.next()) {
    EXPECT_EQ(units.begin(), end) << "nothing lies between";
    EXPECT_EQ(units.head(), static_cast<std::uint8_t>(units.bytes().front()));
    all.emplace_back(units.bytes());
    end = units.end();
  }
  return all;
}

TEST(NalUnitsTest, StandBehindStartCodesOfThreeAndFourBytes) {
  EXPECT_THAT(units_of("\0\0\0\1sps\0\0\1pps\0\0\0\0\1picture"s), ElementsAre("sps", "pps", "picture"));
  EXPECT_THAT(units_of("\0\0\1a\0\0"s), ElementsAre("a")) << "zeros at the end";
  EXPECT_THAT(units_of("\0\0\1a\0\0\1"s), ElementsAre("a")) << "a start code and nothing";
  for (const auto& none : {""s, "\0\0"s, "\0\0\1"s, "picture"s}) EXPECT_THAT(units_of(none), IsEmpty());
}

TEST(NalUnitsTest, StandBehindTheirLengths) {
  EXPECT_THAT(units_of("\0\0\0\3sps\0\0\0\2p\0"s, 4), ElementsAre("sps", "p\0"s));
  EXPECT_THAT(units_of("\0\3sps\0\1p\0"s, 2), ElementsAre("sps", "p")) << "half a length";
  EXPECT_THAT(units_of("\0\3sps\0\1"s, 2), ElementsAre("sps")) << "a length and nothing";
  EXPECT_THAT(units_of("\3sps\1p"s, 1), ElementsAre("sps", "p"));
}

TEST(NalUnitsTest, OneThatIsCutOffIsNotWhole) {
  const auto bytes = "\0\1a\0\11cut"s;
  NalUnits units(bytes, 2);
  ASSERT_TRUE(units.next());
  EXPECT_TRUE(units.is_whole());
  ASSERT_TRUE(units.next());
  EXPECT_FALSE(units.is_whole());
  EXPECT_EQ(units.head(), 'c');
  EXPECT_EQ(units.bytes(), "cut");
  EXPECT_FALSE(units.next());
}

}  // namespace
}  // namespace porchlight::media
