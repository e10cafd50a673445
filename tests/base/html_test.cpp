// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/html.hpp"

#include <gtest/gtest.h>

#include "porchlight/base/utf8.hpp"

namespace porchlight {
namespace {

TEST(Html, NothingOfATextIsMarkup) {
  EXPECT_EQ(html_escaped("<a href=\"x\">Zoë's & more</a>"),
            "&lt;a href=&quot;x&quot;&gt;Zoë&#39;s &amp; more&lt;/a&gt;");
  EXPECT_EQ(html_escaped(""), "");
}

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("Zoë", 9), "Zoë");
  EXPECT_EQ(utf8_prefix("Zoë", 4), "Zoë");
  EXPECT_EQ(utf8_prefix("Zoë", 3), "Zo");
  EXPECT_EQ(utf8_prefix("\xf0\x9f\x94\x94", 3), "");
}

}  // namespace
}  // namespace porchlight
