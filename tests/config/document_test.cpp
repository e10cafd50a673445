// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reading.hpp"

namespace porchlight::config {
namespace {

std::string fingerprint(std::string_view yaml, std::string_view key = "a") {
  Faults faults;
  return Document::parse(yaml, "f", faults).fingerprint(key);
}

TEST(Fingerprint, IgnoresHowItIsWritten) {
  EXPECT_EQ(fingerprint("a: {x: 1, y: [2, 3]}\n"),
            fingerprint("# c\na:\n  y:\n    - '2'\n    - 3\n  x: \"1\"\nb: 1\n"));
}

TEST(Fingerprint, SeesEveryChange) {
  const auto before = fingerprint("a: {x: 1, y: [b, c]}\n");
  for (const char* after : {"a: {x: 2, y: [b, c]}\n", "a: {x: 1, y: [c, b]}\n", "a: {x: 1, y: ['b, c']}\n",
                            "a: {x: 1, y: [b, c, d]}\n", "a: {x: 1}\n", "a: {x: 1, z: [b, c]}\n", "a:\n",
                            "b: 1\n", "a: {x: 1, y: [b, [c]]}\n", "a: {x: 1, y: {b: c}}\n"}) {
    EXPECT_NE(fingerprint(after), before) << after;
  }
}

TEST(Fingerprint, IsPerTopLevelKey) {
  EXPECT_EQ(fingerprint("a: 1\nb: 1\n"), fingerprint("a: 1\nb: 2\n"));
  EXPECT_NE(fingerprint("a: 1\nb: 1\n", "b"), fingerprint("a: 1\nb: 2\n", "b"));
}

TEST(Document, ListsItsKeysAndPlaces) {
  Faults faults;
  const auto document = Document::parse("b: 1\na:\n  - x: 1\n    y: []\n", "f.yaml", faults);
  EXPECT_THAT(document.keys(), testing::ElementsAre("b", "a"));
  std::vector<std::string> places;
  for (const auto& place : document.places()) {
    places.push_back(place.path + '@' + place.file + ':' + std::to_string(place.line) + ':' +
                     std::to_string(place.column));
  }
  EXPECT_THAT(places, testing::ElementsAre("b@f.yaml:1:1", "a[0].x@f.yaml:3:5", "a[0].y@f.yaml:4:5"));
}

TEST(Document, AFileThatCannotBeReadIsAnError) {
  Faults faults;
  const auto document = Document::load("/nonexistent/porchlight.yaml", faults);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code(), ErrorCode::not_found);
  EXPECT_THAT(document.error().text(),
              testing::StartsWith("read configuration: open '/nonexistent/porchlight.yaml': "));
}

}  // namespace
}  // namespace porchlight::config
