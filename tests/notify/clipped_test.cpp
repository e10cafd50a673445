// SPDX-License-Identifier: Apache-2.0
#include "notify/clipped.hpp"

#include <gtest/gtest.h>

namespace porchlight::notify {
namespace {

TEST(Clipped, CountsAsUtf16DoesAndCutsBetweenCharacters) {
  EXPECT_EQ(units_of("aä🔔"), 4U);
  EXPECT_EQ(clipped_units("aä🔔", 4), "aä🔔");
  EXPECT_EQ(clipped_units("aä🔔", 3), "aä…");
  EXPECT_EQ(clipped_units("aä🔔b", 4), "aä…") << "half a bell is none";
  EXPECT_EQ(clipped_units("äöü", 2), "ä…");
  EXPECT_EQ(clipped_units("abc", 1), "…");
  EXPECT_EQ(clipped_units("abc", 0), "");
}

TEST(Clipped, BytesAreCutBetweenCharactersToo) {
  EXPECT_EQ(clipped_bytes("äöü", 6), "äöü");
  EXPECT_EQ(clipped_bytes("äöüß", 7), "äö…");
  EXPECT_EQ(clipped_bytes("äöüß", 6), "ä…");
  EXPECT_EQ(clipped_bytes("abcd", 2), "");
  for (std::size_t most = 0; most < 30; ++most) {
    const auto cut = clipped_bytes("🔔ä…x🔔ä…x🔔ä…x", most);
    EXPECT_LE(cut.size(), most);
    EXPECT_TRUE(is_utf8(cut));
  }
}

TEST(Clipped, OneLineHasNoControlCharactersAndIsWholeUtf8) {
  EXPECT_EQ(one_line_of(" a\r\nb\x1b[1m\x7f ", 100), "a  b [1m");
  EXPECT_EQ(one_line_of("a\xff\xc3", 100), "a??");
  EXPECT_EQ(one_line_of("\n\n", 100), "");
  EXPECT_EQ(one_line_of("", 100), "");
}

}  // namespace
}  // namespace porchlight::notify
