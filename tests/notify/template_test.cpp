// SPDX-License-Identifier: Apache-2.0
#include "notify/template.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace porchlight::notify {
namespace {

std::string filled(std::string_view text) {
  EXPECT_FALSE(check_template(text)) << text;
  return render(text, [](std::string_view name) -> std::string {
    if (name == "camera") return "Front {person} door";
    return name == "count" ? "3" : "";
  });
}

TEST(Template, PlacesAreFilledIn) {
  EXPECT_EQ(filled("{count} at the door"), "3 at the door");
  EXPECT_EQ(filled("at {camera}."), "at Front {person} door.") << "what is filled in is not looked at again";
  EXPECT_EQ(filled("{count}{count}"), "33");
  EXPECT_EQ(filled("nothing"), "nothing");
}

TEST(Template, WhatFollowsTheBarStandsInForNothing) {
  EXPECT_EQ(filled("{person|somebody} is here"), "somebody is here");
  EXPECT_EQ(filled("{count|none}"), "3");
  EXPECT_EQ(filled("{person} is here"), " is here");
  EXPECT_EQ(filled("{person||}"), "|");
}

TEST(Template, BracesAreWrittenTwice) {
  EXPECT_EQ(filled("{{count}"), "{count}");
  EXPECT_EQ(filled("a } b"), "a } b");
  EXPECT_EQ(filled("{{{count}"), "{3");
}

TEST(Template, FaultsAreNamedWithTheirPlace) {
  const auto fault = [](std::string_view text) {
    const auto found = check_template(text);
    return found ? std::to_string(found->line) + ":" + std::to_string(found->column) + " " + found->message
                 : "";
  };
  EXPECT_THAT(fault("äö {camra}"),
              testing::StartsWith("1:4 unknown placeholder '{camra}' (did you mean '{camera}'?)"));
  EXPECT_THAT(fault("a\nb\n{"), testing::StartsWith("3:1 '{' is not closed"));
  EXPECT_THAT(fault("{camera\n}"), testing::StartsWith("1:1 '{' is not closed"));
  EXPECT_THAT(fault("{camera{count}}"), testing::StartsWith("1:1 '{' is not closed"));
  EXPECT_THAT(fault("{}"), testing::StartsWith("1:1 unknown placeholder '{}'"));
  EXPECT_THAT(fault("{{ {Camera}"), testing::HasSubstr("1:4 "));
}

// Whatever comes: no fault of memory, and what has no placeholder comes out as long as it went in.
TEST(Template, AnyTextIsRendered) {
  const std::string letters = "{}|ac\n{{";
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    std::string text;
    for (auto rest = seed * 2654435761U; rest > 0; rest /= 8) text += letters[rest % 8];
    const auto out = render(text, [](std::string_view) { return std::string(); });
    if (std::count(text.begin(), text.end(), '{') == 0) {
      EXPECT_EQ(out, text);
    }
    EXPECT_LE(out.size(), text.size());
  }
}

}  // namespace
}  // namespace porchlight::notify
