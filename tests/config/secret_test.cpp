// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/reading.hpp"

namespace porchlight::config {
namespace {

class Secret : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("porchlight-secret-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    ::unsetenv("PORCHLIGHT_TEST_SECRET");
    ::unsetenv("CREDENTIALS_DIRECTORY");
  }
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }
  std::string read(const std::string& value) {
    auto document = Document::parse("key: '" + value + "'\n", "f.yaml", faults_);
    return document.root().text("key", "fallback");
  }

  std::filesystem::path folder_;
  Faults faults_;
};

TEST_F(Secret, ComesFromTheEnvironment) {
  ::setenv("PORCHLIGHT_TEST_SECRET", "s3cret", 1);
  EXPECT_EQ(read("${ENV:PORCHLIGHT_TEST_SECRET}"), "s3cret");
}

TEST_F(Secret, ComesFromAFileWithoutItsLastNewline) {
  EXPECT_EQ(read("${file:" + write("token", "abc def\n\n") + "}"), "abc def\n");
  EXPECT_EQ(read("${file:" + write("plain", "abc") + "}"), "abc");
}

TEST_F(Secret, ComesFromACredential) {
  write("front", "pw\n");
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  EXPECT_EQ(read("${credential:front}"), "pw");
}

TEST_F(Secret, StandsInsideAString) {
  ::setenv("PORCHLIGHT_TEST_SECRET", "p@ss${ENV:HOME}", 1);
  // What a secret holds is not expanded again.
  EXPECT_EQ(read("rtsp://me:${ENV:PORCHLIGHT_TEST_SECRET}@cam/${ENV:PORCHLIGHT_TEST_SECRET}"),
            "rtsp://me:p@ss${ENV:HOME}@cam/p@ss${ENV:HOME}");
}

TEST_F(Secret, ADoubledDollarIsLiteral) {
  EXPECT_EQ(read("a$${b}$c"), "a${b}$c");
  EXPECT_TRUE(faults_.empty());
}

TEST_F(Secret, IsReadInListsAndNumbers) {
  ::setenv("PORCHLIGHT_TEST_SECRET", "7", 1);
  auto document = Document::parse("n: ${ENV:PORCHLIGHT_TEST_SECRET}\nl: ['a${ENV:PORCHLIGHT_TEST_SECRET}']\n",
                                  "f", faults_);
  EXPECT_EQ(document.root().integer("n", 0, 0, 9), 7);
  EXPECT_THAT(document.root().text_list("l"), testing::ElementsAre("a7"));
}

TEST_F(Secret, FaultsNameThePlaceAndGiveTheDefault) {
  EXPECT_EQ(read("${file:" + (folder_ / "absent").string() + "}"), "fallback");
  EXPECT_EQ(read("${file:relative}"), "fallback");
  EXPECT_EQ(read("${credential:x}"), "fallback");
  EXPECT_EQ(read("${env:HOME}"), "fallback");
  EXPECT_EQ(read("${ENV:HOME"), "fallback");
  EXPECT_EQ(read("${file:" + write("large", std::string(64 * 1024 + 1, 'x')) + "}"), "fallback");
  EXPECT_EQ(read("${file:" + write("zero", std::string("a\0b", 3)) + "}"), "fallback");
  const auto all = texts(faults_);
  const std::string at = "f.yaml:1:1: key: ";
  EXPECT_THAT(
      all,
      testing::UnorderedElementsAre(
          testing::AllOf(testing::StartsWith(at + "read secret: open '"), testing::HasSubstr("No such file")),
          at + "secret file 'relative' must be an absolute path",
          at + "credential 'x' is not there: no CREDENTIALS_DIRECTORY is set (only the service sees its "
               "credentials)",
          at + "unknown reference (did you mean '${ENV:…}'?)", at + "reference '${…' is not closed with '}'",
          testing::AllOf(testing::StartsWith(at + "read secret: "),
                         testing::HasSubstr("larger than 65536 bytes")),
          testing::HasSubstr("holds a zero byte")));
}

TEST_F(Secret, ACredentialNameCannotLeaveItsFolder) {
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  EXPECT_EQ(read("${credential:../../etc/hostname}"), "fallback");
  EXPECT_EQ(read("${credential:..}"), "fallback");
  EXPECT_EQ(faults_.all().size(), 2u);
}

TEST_F(Secret, IsNeverInAFault) {
  ::setenv("PORCHLIGHT_TEST_SECRET", "hunter2", 1);
  auto document = Document::parse(
      "n: '${ENV:PORCHLIGHT_TEST_SECRET}'\nid: '${ENV:PORCHLIGHT_TEST_SECRET}!'\n"
      "odd: 'hunter2${hunter2}'\n",
      "f", faults_);
  auto root = document.root();
  root.integer("n", 0, 0, 9);
  root.boolean("n", false);
  root.number("n", 0, 0, 1);
  root.duration("n", {}, {}, {});
  root.choice("n", "", {"a", "hunter3"});
  root.required_id("id");
  root.text("odd", "");
  EXPECT_EQ(faults_.all().size(), 7u);
  for (const auto& text : texts(faults_)) EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunter2")));
}

TEST_F(Secret, RawTextKeepsTheReference) {
  auto document = Document::parse("key: 'a${ENV:HOME}'\n", "f", faults_);
  EXPECT_EQ(document.root().raw_text("key"), "a${ENV:HOME}");
}

TEST_F(Secret, ChangesTheFingerprint) {
  const auto document = Document::parse("a: {b: '${ENV:PORCHLIGHT_TEST_SECRET}'}\n", "f", faults_);
  const auto unset = document.fingerprint("a");
  ::setenv("PORCHLIGHT_TEST_SECRET", "one", 1);
  const auto one = document.fingerprint("a");
  ::setenv("PORCHLIGHT_TEST_SECRET", "two", 1);
  EXPECT_NE(document.fingerprint("a"), one);
  EXPECT_NE(unset, one);
}

}  // namespace
}  // namespace porchlight::config
