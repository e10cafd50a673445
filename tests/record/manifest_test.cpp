// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string_view>

#include "footage_house.hpp"
#include "record/file_digest.hpp"
#include "store/fixture.hpp"

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}
void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class ManifestTest : public testing::Test {
 protected:
  void SetUp() override {
    house.add({.at = 0s});
    house.add_gap("front", 2s, 3s, event::GapCause::stalled);
    house.add({.at = 3s, .ending = Ending::open});
    made = give(film);
    ASSERT_TRUE(made.has_value());
    ASSERT_TRUE(verify_export(film, "", {})) << verify_export(film, "", {}).error().text();
  }
  std::optional<Exported> give(const std::filesystem::path& out) {
    ExportOrder order{"front", house.wall(500ms), house.wall(10s), out, true};
    auto result = export_footage(house.index(), house.recordings(), house.key(), order, {}, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? std::optional(std::move(*result)) : std::nullopt;
  }
  bool holds() { return verify_export(film, "", {}).ok(); }
  std::filesystem::path beside(const char* ending) const { return film.string() + ending; }

  store::Folder folder;
  FootageHouse house{folder.path() / "house"};
  const std::filesystem::path film = folder.path() / "film.mp4";
  std::optional<Exported> made;
};

TEST_F(ManifestTest, SaysWhatTheFilmIsMadeOf) {
  const auto manifest = json::parse(read(beside(".manifest.json")));
  EXPECT_EQ(manifest["version"], 1);
  EXPECT_EQ(manifest["camera"], "front");
  EXPECT_EQ(manifest["asked"]["from"], rfc3339(house.wall(500ms)));
  EXPECT_EQ(manifest["asked"]["to"], rfc3339(house.wall(10s)));
  EXPECT_EQ(manifest["got"]["start"], rfc3339(house.wall(500ms)));
  EXPECT_EQ(manifest["got"]["end"], rfc3339(house.wall(5s)));
  EXPECT_EQ(manifest["file"]["name"], "film.mp4");
  EXPECT_EQ(manifest["file"]["bytes"], std::filesystem::file_size(film));
  EXPECT_EQ(manifest["file"]["sha256"], sha256_of(read(film)));
  EXPECT_EQ(manifest["file"]["frames"], 105);
  ASSERT_EQ(manifest["segments"].size(), 2U);
  const auto& first = manifest["segments"][0];
  EXPECT_EQ(first["state"], "closed");
  EXPECT_EQ(first["start"], rfc3339(house.wall(0s)));
  EXPECT_EQ(first["end"], rfc3339(house.wall(2s)));
  EXPECT_EQ(first["sha256"], sha256_of(read(house.recordings() / first["file"].get<std::string>())));
  EXPECT_EQ(first["crc32_holds"], true);
  EXPECT_EQ(manifest["segments"][1]["state"], "open");
  EXPECT_EQ(
      manifest["segments"][1]["sha256"],
      sha256_of(read(house.recordings() / (manifest["segments"][1]["file"].get<std::string>() + ".part"))));
  ASSERT_EQ(manifest["gaps"].size(), 1U);
  EXPECT_EQ(manifest["gaps"][0]["cause"], "stalled");
  EXPECT_EQ(manifest["gaps"][0]["start"], rfc3339(house.wall(2s)));
  EXPECT_EQ(manifest["public_key"], read(beside(".public.pem")));
}

TEST_F(ManifestTest, IsCanonical) {
  const auto text = read(beside(".manifest.json"));
  EXPECT_EQ(json::parse(text).dump(), text);
}

TEST_F(ManifestTest, EachFlippedByteOfItIsRefused) {
  for (const std::string ending : {".manifest.json", ".manifest.sig", ".public.pem"}) {
    const auto good = read(beside(ending.c_str()));
    ASSERT_GT(good.size(), 60U);
    for (std::size_t i = 0; i < good.size(); ++i) {
      auto bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      write(beside(ending.c_str()), bad);
      ASSERT_FALSE(holds()) << ending << " byte " << i;
    }
    write(beside(ending.c_str()), good);
    ASSERT_TRUE(holds());
  }
}

// An Ed25519 key fills four bits of its last base64 character: the other two say nothing, and readers of PEM do
// not look at them.
TEST_F(ManifestTest, ABitThatNoKeyHasIsRefusedBesideTheFilm) {
  const auto good = read(beside(".public.pem"));
  const auto last = good.find('=') - 1;
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto same = good;
  same[last] = digits[digits.find(good[last]) ^ 1U];
  write(beside(".public.pem"), same);
  EXPECT_FALSE(holds());
  EXPECT_TRUE(verify_export(film, same, {})) << "a key that somebody gives is known by its fingerprint";
}

TEST_F(ManifestTest, FlippedBytesOfTheFilmAreRefused) {
  const auto good = read(film);
  std::mt19937 random(20261126);
  for (int i = 0; i < 300; ++i) {
    const auto at = random() % good.size();
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1U << random() % 8));
    write(film, bad);
    ASSERT_FALSE(holds()) << "byte " << at;
  }
  write(film, good.substr(0, good.size() - 1));
  EXPECT_FALSE(holds());
  write(film, good + '\0');
  EXPECT_FALSE(holds());
  write(film, good);
  EXPECT_TRUE(holds());
}

TEST_F(ManifestTest, EachRemovedOrAlteredSegmentIsRefused) {
  const auto good = json::parse(read(beside(".manifest.json")));
  const auto refused = [&](const json& bad) {
    write(beside(".manifest.json"), bad.dump());
    return !holds();
  };
  for (std::size_t i = 0; i < good["segments"].size(); ++i) {
    auto bad = good;
    bad["segments"].erase(i);
    EXPECT_TRUE(refused(bad)) << "without " << i;
    for (const auto& [key, value] : good["segments"][i].items()) {
      bad = good;
      bad["segments"][i][key] = value == 1 ? json(2) : json(1);
      EXPECT_TRUE(refused(bad)) << key << " of " << i;
    }
  }
  auto bad = good;
  bad["gaps"].clear();
  EXPECT_TRUE(refused(bad));
  EXPECT_FALSE(refused(good));
}

TEST_F(ManifestTest, AnotherKeyIsRefused) {
  const auto other = folder.path() / "other.mp4";
  const auto good = read(beside(".public.pem"));
  std::filesystem::remove(house.key());
  ASSERT_TRUE(give(other));
  const auto stranger = read(other.string() + ".public.pem");
  ASSERT_NE(stranger, good);
  EXPECT_FALSE(verify_export(film, stranger, {}));
  EXPECT_TRUE(verify_export(film, good, {}));
  // Signed anew by another key, but still naming the first.
  write(beside(".public.pem"), stranger);
  EXPECT_FALSE(holds());
  EXPECT_THAT(verify_export(film, "no key", {}).error().text(), HasSubstr("no Ed25519 key"));
}

TEST_F(ManifestTest, TheKeyIsMadeOnceAndForOneself) {
  struct ::stat info {};
  ASSERT_EQ(::stat(house.key().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const auto before = read(house.key());
  EXPECT_THAT(before, HasSubstr("BEGIN PRIVATE KEY"));
  ASSERT_TRUE(give(folder.path() / "again.mp4"));
  EXPECT_EQ(read(house.key()), before);
  EXPECT_EQ(read(folder.path() / "again.mp4.public.pem"), read(beside(".public.pem")));
}

TEST_F(ManifestTest, AKeyThatOthersReadIsRefused) {
  std::filesystem::permissions(house.key(), std::filesystem::perms(0640));
  ExportOrder order{"front", house.wall(0s), house.wall(10s), folder.path() / "no.mp4", true};
  const auto result = export_footage(house.index(), house.recordings(), house.key(), order, {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::permission_denied);
  EXPECT_THAT(result.error().text(), HasSubstr("chmod 600"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "no.mp4"));
}

TEST_F(ManifestTest, TimeOfWhichNothingIsKnownHasNoCause) {
  house.add({.at = 20s});
  house.add_gap("front", 22s, 23s, event::GapCause::crash);
  const auto out = folder.path() / "longer.mp4";
  const ExportOrder order{"front", house.wall(0s), house.wall(60s), out, true};
  ASSERT_TRUE(export_footage(house.index(), house.recordings(), house.key(), order, {}, {}));
  const auto gaps = json::parse(read(out.string() + ".manifest.json"))["gaps"];
  ASSERT_EQ(gaps.size(), 3U);
  EXPECT_EQ(gaps[0]["cause"], "stalled");
  EXPECT_EQ(gaps[1]["cause"], nullptr);
  EXPECT_EQ(gaps[1]["start"], rfc3339(house.wall(5s)));
  EXPECT_EQ(gaps[1]["end"], rfc3339(house.wall(20s)));
  EXPECT_EQ(gaps[2]["cause"], "crash");
}

TEST_F(ManifestTest, NothingThatIsThereIsOverwritten) {
  const auto mine = folder.path() / "mine.mp4";
  for (const auto& file : export_files(mine)) {
    write(file, "mine");
    const ExportOrder order{"front", house.wall(0s), house.wall(10s), mine, true};
    const auto result = export_footage(house.index(), house.recordings(), house.key(), order, {}, {});
    ASSERT_FALSE(result) << file;
    EXPECT_EQ(result.error().code(), ErrorCode::already_exists);
    EXPECT_THAT(result.error().text(), HasSubstr("'" + file.string() + "'"));
    EXPECT_EQ(read(file), "mine");
    std::filesystem::remove(file);
  }
  EXPECT_TRUE(give(mine));
}

TEST_F(ManifestTest, OneThatFailsLateLeavesNothing) {
  const auto out = folder.path() / "out";
  // The signature cannot be written; key and manifest are there by then.
  std::filesystem::create_directories(out / "film.mp4.manifest.sig.part" / "x");
  const ExportOrder order{"front", house.wall(0s), house.wall(10s), out / "film.mp4", true};
  const auto result = export_footage(house.index(), house.recordings(), house.key(), order, {}, {});
  ASSERT_FALSE(result);
  for (const auto& file : export_files(order.out)) EXPECT_FALSE(std::filesystem::exists(file)) << file;
}

TEST_F(ManifestTest, ASegmentThatIsNotWhatItWasIsTold) {
  const auto first = json::parse(read(beside(".manifest.json")))["segments"][0]["file"].get<std::string>();
  auto bytes = read(house.recordings() / first);
  // Within the media, where no box shows it.
  const auto at = bytes.find("mdat") + 2000;
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write(house.recordings() / first, bytes);
  const auto second = folder.path() / "second.mp4";
  const auto changed = give(second);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->changed, std::vector<std::string>{first});
  EXPECT_TRUE(made->changed.empty());
  const auto manifest = json::parse(read(second.string() + ".manifest.json"));
  EXPECT_EQ(manifest["segments"][0]["crc32_holds"], false);
}

}  // namespace
}  // namespace porchlight::record::test
