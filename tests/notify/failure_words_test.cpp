// SPDX-License-Identifier: Apache-2.0
#include "notify/failure_words.hpp"

#include <gmock/gmock.h>

#include "porchlight/base/utf8.hpp"

namespace porchlight::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(FailureWords, AreOneLineWithoutControlCharacters) {
  EXPECT_EQ(failure_words("550 5.1.1 user unknown\r\n\x1b[31mred\x7f\t\xc2\x9b"
                          "31m \xe2\x80\xa8z"),
            "550 5.1.1 user unknown   [31mred   31m  z");
  EXPECT_EQ(failure_words("größer als erlaubt – 😀"), "größer als erlaubt – 😀");
}

TEST(FailureWords, AreBoundedAtAWholeCharacter) {
  std::string text = "x";
  while (text.size() < 1000) text += "€";
  const auto words = failure_words(text);
  EXPECT_LE(words.size(), longest_failure);
  EXPECT_GT(words.size(), longest_failure - 3);
  EXPECT_TRUE(is_utf8(words));
}

TEST(FailureWords, OfBytesThatAreNoTextAreText) {
  EXPECT_EQ(failure_words("a\xff\xfe"
                          "b\xc3"),
            "a??b?");
}

TEST(FailureWords, HideCredentials) {
  const auto words = failure_words(
      "https://user:hunter2@example.org refused, Authorization: Bearer abcdefghijklmnop0123456789");
  EXPECT_THAT(words, Not(HasSubstr("hunter2")));
  EXPECT_THAT(words, Not(HasSubstr("abcdefghijklmnop")));
}

}  // namespace
}  // namespace porchlight::notify
