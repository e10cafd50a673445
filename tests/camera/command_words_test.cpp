// SPDX-License-Identifier: Apache-2.0
#include "camera/command_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace porchlight::camera {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> words(std::string_view line) {
  auto split = split_command(line);
  EXPECT_TRUE(split.ok()) << (split ? "" : split.error().text());
  return split ? *split : std::vector<std::string>{};
}

std::string refused(std::string_view line) {
  const auto split = split_command(line);
  return split ? "accepted" : split.error().text();
}

TEST(CommandWords, AreDividedByBlanks) {
  EXPECT_THAT(words("rpicam-vid -t 0  --inline\t-o -"),
              ElementsAre("rpicam-vid", "-t", "0", "--inline", "-o", "-"));
}

TEST(CommandWords, AreHeldTogetherByQuotes) {
  EXPECT_THAT(words(R"(ffmpeg -vf 'drawtext=text="a b"' "it's" '' x\ y "a\"b" 'a\b')"),
              ElementsAre("ffmpeg", "-vf", "drawtext=text=\"a b\"", "it's", "", "x y", "a\"b", "a\\b"));
  EXPECT_THAT(words("a'b 'c"), ElementsAre("ab c"));
}

TEST(CommandWords, ExpandNothing) {
  EXPECT_THAT(words("cam $HOME *.mp4 ~ #1 a=$(id)"),
              ElementsAre("cam", "$HOME", "*.mp4", "~", "#1", "a=$(id)"));
}

TEST(CommandWords, RefuseTheWorkOfAShellUnlessAShellIsAsked) {
  for (const char* line : {"cam | tee x", "cam > x", "cam; rm x", "cam && x", "cam `id`", "cam <x"})
    EXPECT_THAT(refused(line), HasSubstr("sh -c '…'")) << line;
  EXPECT_THAT(words("sh -c 'cam 2>/dev/null | tee x'"), ElementsAre("sh", "-c", "cam 2>/dev/null | tee x"));
  EXPECT_THAT(words("cam 'a|b' c\\;d"), ElementsAre("cam", "a|b", "c;d"));
}

TEST(CommandWords, NameWhatIsNotFinished) {
  EXPECT_THAT(refused("cam 'a b"), HasSubstr("a ' is not closed"));
  EXPECT_THAT(refused("cam \"a b"), HasSubstr("a \" is not closed"));
  EXPECT_THAT(refused("cam \\"), HasSubstr("backslash"));
  EXPECT_THAT(refused("  "), HasSubstr("names no program"));
  EXPECT_THAT(refused("'' x"), HasSubstr("names no program"));
}

}  // namespace
}  // namespace porchlight::camera
