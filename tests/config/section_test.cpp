// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reading.hpp"

namespace porchlight::config {
namespace {

using namespace std::chrono_literals;

struct Parsed {
  explicit Parsed(std::string_view yaml) : document(Document::parse(yaml, "f.yaml", faults)) {}
  Section root() { return document.root(); }
  Faults faults;
  Document document;
};

TEST(Section, GivesWhatIsWritten) {
  Parsed parsed(
      "text: hello\nyes_text: yes\nint: -5\nreal: 0.25\nflag: false\nwait: 90s\nword: b\nquoted: '7'\n");
  auto root = parsed.root();
  EXPECT_EQ(root.text("text", "x"), "hello");
  EXPECT_EQ(root.text("yes_text", "x"), "yes");
  EXPECT_EQ(root.integer("int", 1, -10, 10), -5);
  EXPECT_EQ(root.integer("quoted", 1, -10, 10), 7);
  EXPECT_EQ(root.number("real", 1, 0, 1), 0.25);
  EXPECT_EQ(root.boolean("flag", true), false);
  EXPECT_EQ(root.duration("wait", 1ms, 0ms, 1h), 90s);
  EXPECT_EQ(root.choice("word", "a", {"a", "b"}), "b");
  root.finish();
  EXPECT_TRUE(parsed.faults.empty());
}

TEST(Section, GivesDefaultsForMissingKeysAndWrongValues) {
  Parsed parsed("int: x\nflag: x\nwait: x\nword: x\n");
  for (auto root : {parsed.root(), parsed.root().section("absent")}) {
    EXPECT_EQ(root.text("text", "x"), "x");
    EXPECT_EQ(root.integer("int", 3, 0, 10), 3);
    EXPECT_EQ(root.boolean("flag", true), true);
    EXPECT_EQ(root.duration("wait", 1s, 0ms, 1h), 1s);
    EXPECT_EQ(root.choice("word", "a", {"a", "b"}), "a");
    EXPECT_THAT(root.text_list("texts"), testing::IsEmpty());
    EXPECT_THAT(root.list("sections"), testing::IsEmpty());
  }
  EXPECT_EQ(parsed.faults.all().size(), 4u);
}

TEST(Section, NamesItsKeysAndStillFaultsThoseNobodyAskedFor) {
  Parsed parsed("b: 1\na.b: 2\n");
  auto root = parsed.root();
  EXPECT_THAT(root.keys(), testing::ElementsAre("b", "a.b"));
  EXPECT_THAT(root.section("absent").keys(), testing::IsEmpty());
  root.integer("b", 0, 0, 9);
  root.finish();
  ASSERT_EQ(parsed.faults.all().size(), 1u);
  EXPECT_THAT(parsed.faults.all().front().text(), testing::HasSubstr("a.b: unknown key"));
}

TEST(Section, DurationsHaveEveryUnit) {
  Parsed parsed("a: 30ms\nb: 30s\nc: 5m\nd: 2h\ne: 7d\nf: 0s\n");
  auto root = parsed.root();
  const auto read = [&](std::string_view key) { return root.duration(key, 1ms, 0ms, 240h); };
  EXPECT_EQ(read("a"), 30ms);
  EXPECT_EQ(read("b"), 30s);
  EXPECT_EQ(read("c"), 5min);
  EXPECT_EQ(read("d"), 2h);
  EXPECT_EQ(read("e"), 168h);
  EXPECT_EQ(read("f"), 0ms);
  EXPECT_TRUE(parsed.faults.empty());
}

TEST(Section, SizesHaveEveryUnitAndPartsTheirSign) {
  Parsed parsed(
      "a: 1B\nb: 2kB\nc: 3KiB\nd: 500MB\ne: 1.5GiB\nf: 2TB\ng: 1TiB\nh: 80%\ni: 0.5%\nj: 100%\nk: 4MiB\nl: "
      "5GB\n");
  auto root = parsed.root();
  const auto bytes = [&](std::string_view key) { return root.size_or_part(key, {})->bytes; };
  EXPECT_EQ(bytes("a"), 1U);
  EXPECT_EQ(bytes("b"), 2'000U);
  EXPECT_EQ(bytes("c"), 3U << 10);
  EXPECT_EQ(bytes("d"), 500'000'000U);
  EXPECT_EQ(bytes("e"), std::uint64_t{3} << 29);
  EXPECT_EQ(bytes("f"), 2'000'000'000'000U);
  EXPECT_EQ(bytes("g"), std::uint64_t{1} << 40);
  EXPECT_EQ(bytes("k"), 4U << 20);
  EXPECT_EQ(bytes("l"), 5'000'000'000U);
  EXPECT_EQ(root.size_or_part("h", {})->part, 0.8);
  EXPECT_EQ(root.size_or_part("h", {})->bytes, 0U);
  EXPECT_EQ(root.size_or_part("i", {})->part, 0.005);
  EXPECT_EQ(root.size_or_part("j", {})->part, 1.0);
  EXPECT_TRUE(parsed.faults.empty());
}

TEST(Section, WrongSizesGiveTheDefaultAndTheMend) {
  Parsed parsed(
      "a: 20\nb: 0%\nc: 101%\nd: 5 GiB\ne: 3gib\nf: -1GB\ng: 1e3GB\nh: lots\ni: 999999999TiB\nj: 0.1B\n");
  auto root = parsed.root();
  for (const auto* key : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "absent"})
    EXPECT_EQ(root.size_or_part(key, SizeOrPart{7, 0}, "'auto', ")->bytes, 7U) << key;
  EXPECT_FALSE(root.size_or_part("absent", {}));
  const auto said = texts(parsed.faults);
  ASSERT_EQ(said.size(), 10U);
  EXPECT_EQ(said[0], "f.yaml:1:1: a: a size needs a unit: write '20GiB' or '20%'");
  EXPECT_EQ(
      said[7],
      "f.yaml:8:1: h: expected 'auto', a size such as 500MB or 20GiB, or a part such as 80%, found 'lots'");
}

TEST(Section, TheSameSectionAskedTwiceKnowsTheKeysOfBoth) {
  Parsed parsed("server: {a: 1, b: 2, c: 3}\n");
  auto root = parsed.root();
  root.section("server").text("a", "");
  root.section("server").text("b", "");
  root.finish();
  EXPECT_THAT(texts(parsed.faults), testing::ElementsAre("f.yaml:1:22: server.c: unknown key"));
}

TEST(Section, FinishTwiceFaultsOnce) {
  Parsed parsed("x: 1\n");
  parsed.root().finish();
  parsed.root().finish();
  EXPECT_EQ(parsed.faults.all().size(), 1u);
}

TEST(Section, HasDoesNotNoteTheKey) {
  Parsed parsed("x: 1\n");
  EXPECT_TRUE(parsed.root().has("x"));
  parsed.root().finish();
  EXPECT_EQ(parsed.faults.all().size(), 1u);
}

TEST(Section, TellsMappingFromScalar) {
  Parsed parsed("a: {cert: x}\nb: auto\n");
  auto root = parsed.root();
  EXPECT_TRUE(root.is_mapping("a"));
  EXPECT_FALSE(root.is_scalar("a"));
  EXPECT_TRUE(root.is_scalar("b"));
  EXPECT_FALSE(root.is_mapping("b"));
  EXPECT_FALSE(root.is_mapping("c"));
}

TEST(Section, ARoomsOwnFaultStandsAtTheKey) {
  Parsed parsed("cameras:\n  - id: a\n    url: rstp://x\n");
  auto cameras = parsed.root().list("cameras");
  cameras.at(0).fault("url", "unknown scheme 'rstp' (did you mean 'rtsp'?)");
  cameras.at(0).fault("absent", "needed");
  EXPECT_THAT(
      texts(parsed.faults),
      testing::ElementsAre("f.yaml:2:5: cameras[0].absent: needed",
                           "f.yaml:3:5: cameras[0].url: unknown scheme 'rstp' (did you mean 'rtsp'?)"));
}

TEST(Section, ASyntaxFaultDoesNotBringMissingKeysWithIt) {
  Parsed parsed("cameras: [\n");
  auto root = parsed.root();
  root.required_text("name");
  root.fault("cameras", "at least one is needed");
  EXPECT_EQ(parsed.faults.all().size(), 1u);
}

TEST(Section, AliasesGiveTheSameValues) {
  Parsed parsed("a: &x {k: 1}\nb: *x\n");
  auto root = parsed.root();
  EXPECT_EQ(root.section("a").text("k", ""), "1");
  EXPECT_EQ(root.section("b").text("k", ""), "1");
  root.finish();
  EXPECT_TRUE(parsed.faults.empty());
}

TEST(Section, LivesLongerThanItsDocument) {
  Faults faults;
  auto root = Document::parse("a: 1\n", "f.yaml", faults).root();
  EXPECT_EQ(root.integer("a", 0, 0, 9), 1);
}

}  // namespace
}  // namespace porchlight::config
