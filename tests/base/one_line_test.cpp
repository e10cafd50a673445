// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/one_line.hpp"

#include <gtest/gtest.h>

#include "porchlight/base/utf8.hpp"

namespace porchlight {
namespace {

TEST(OneLine, ControlCharactersAndSeparatorsOfLinesBecomeBlanks) {
  EXPECT_EQ(one_line("a\r\n\x1b[31mred\x7f\t\xc2\x9b"
                     "31m \xe2\x80\xa8z",
                     100),
            "a   [31mred   31m  z");
  EXPECT_EQ(one_line("größer – 😀", 100), "größer – 😀");
}

TEST(OneLine, BytesThatAreNoTextBecomeQuestionMarksAndTheRestStays) {
  EXPECT_EQ(one_line("ä\xff\xfe"
                     "b\xc3",
                     100),
            "ä??b?");
}

TEST(OneLine, IsCutBeforeTheCharacterThatDoesNotFit) {
  const std::string text = "x🔔ä…x\xff🔔ä";
  for (std::size_t most = 0; most <= text.size(); ++most) {
    const auto line = one_line(text, most);
    EXPECT_LE(line.size(), most);
    EXPECT_TRUE(is_utf8(line));
    EXPECT_LT(most - line.size(), 4U) << "cut more than it had to";
  }
}

}  // namespace
}  // namespace porchlight
