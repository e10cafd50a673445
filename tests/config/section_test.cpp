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
