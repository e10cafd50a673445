// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "film.hpp"
#include "footage_house.hpp"
#include "record/export_copy.hpp"
#include "store/fixture.hpp"

extern "C" {
#include <libavcodec/packet.h>
}

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::HasSubstr;

// Two seconds at 30 pictures a second, a keyframe each half second.
constexpr std::int64_t picture = 1'000'000 / 30;  // µs

class ExportTest : public testing::Test {
 protected:
  Result<Exported> give(milliseconds from, milliseconds to, std::stop_token stop = {}) {
    ExportOrder order{"front", house.wall(from), house.wall(to), film(), false};
    return export_footage(
        house.index(), house.recordings(), house.key(), order,
        [this](const Progress& progress) { told.push_back(progress); }, std::move(stop));
  }
  std::filesystem::path film() const { return folder.path() / "film.mp4"; }
  // Nothing of an export that failed.
  void expect_nothing_left() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      EXPECT_EQ(entry.path().filename(), "house");
  }

  store::Folder folder;
  FootageHouse house{folder.path() / "house"};
  std::vector<Progress> told;
};

std::vector<std::uint64_t> numbers_of(const Film& film) {
  std::vector<std::uint64_t> numbers;
  for (const auto& shown : film.pictures) numbers.push_back(shown.number);
  return numbers;
}

std::vector<std::uint64_t> counted(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> ranges) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [from, to] : ranges)
    for (auto i = from; i < to; ++i) numbers.push_back(i);
  return numbers;
}

void expect_steady(const Film& film, std::size_t from, std::size_t to, std::int64_t start) {
  for (auto i = from; i < to; ++i)
    ASSERT_NEAR(static_cast<double>(film.pictures[i].at),
                static_cast<double>(start + static_cast<std::int64_t>(i - from) * picture), 2000)
        << i;
}

TEST_F(ExportTest, JoinsSegmentsIntoOneFilm) {
  house.add({.at = 0s});
  house.add({.at = 2s});
  const auto made = give(0s, 4s);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->frames, 120U);
  EXPECT_EQ(made->start, house.wall(0s));
  EXPECT_NEAR(static_cast<double>((made->end - house.wall(4s)).count()), 0, 2e6);
  EXPECT_EQ(made->files.size(), 2U);
  EXPECT_EQ(made->bytes, std::filesystem::file_size(film()));
  const auto seen = watch(film());
  EXPECT_EQ(seen.coded, 120U);
  EXPECT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}}));
  EXPECT_TRUE(seen.times_grow);
  EXPECT_TRUE(seen.index_in_front);
  EXPECT_EQ(seen.tag, "avc1");
  expect_steady(seen, 0, 120, 0);
  EXPECT_FALSE(std::filesystem::exists(film().string() + ".part"));
}

TEST_F(ExportTest, BeginsAtTheKeyframeBeforeAndEndsBehindTheInterval) {
  house.add({.at = 0s});
  house.add({.at = 2s});
  const auto made = give(1300ms, 2500ms);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->start, house.wall(1s));
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{30, 60}, {0, 15}}));
  expect_steady(seen, 0, 45, 0);
}

TEST_F(ExportTest, OnAKeyframeBeginsThere) {
  house.add({.at = 0s});
  const auto made = give(500ms, 10s);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->start, house.wall(500ms));
  EXPECT_EQ(numbers_of(watch(film())), counted({{15, 60}}));
}

TEST_F(ExportTest, KeepsAGapAsAJumpInTime) {
  house.add({.at = 0s});
  house.add_gap("front", 2s, 10s, event::GapCause::network);
  house.add_gap("other", 2s, 10s, event::GapCause::stalled);
  house.add({.at = 10s});
  const auto made = give(0s, 12s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  ASSERT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}}));
  expect_steady(seen, 0, 60, 0);
  expect_steady(seen, 60, 120, 10'000'000);
  ASSERT_EQ(made->gaps.size(), 1U);
  EXPECT_EQ(made->gaps[0].cause, event::GapCause::network);
  EXPECT_EQ(made->end, house.wall(12s));
}

TEST_F(ExportTest, GapsAtTheEdgesOfTheIntervalAreListed) {
  house.add_gap("front", 0s, 1s, event::GapCause::volume);  // before all of it
  house.add_gap("front", 1s, 5s, event::GapCause::network);
  house.add({.at = 5s});
  house.add_gap("front", 7s, 9s, event::GapCause::power_cut);
  house.add_gap("front", 20s, 21s, event::GapCause::crash);  // behind all of it
  const auto made = give(2s, 20s);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->start, house.wall(5s));
  EXPECT_EQ(made->end, house.wall(7s));
  ASSERT_EQ(made->gaps.size(), 2U);
  EXPECT_EQ(made->gaps[0].cause, event::GapCause::network);
  EXPECT_EQ(made->gaps[1].cause, event::GapCause::power_cut);
}

TEST_F(ExportTest, TimeOfWhichNothingIsKnownIsListed) {
  house.add({.at = 0s});
  house.add({.at = 2100ms});  // a picture and a bit
  house.add({.at = 10s});
  house.add_gap("front", 12s, 13s, event::GapCause::network);
  house.add_gap("front", 15s, 16s, event::GapCause::stalled);
  house.add_gap("front", 15500ms, 17s, event::GapCause::overload);
  house.add({.at = 20s});
  const auto made = give(0s, 30s);
  ASSERT_TRUE(made) << made.error().text();
  std::vector<std::pair<WallTime, WallTime>> found;
  for (const auto& time : made->unexplained) found.emplace_back(time.start, time.end);
  EXPECT_THAT(found, testing::ElementsAre(std::pair(house.wall(4100ms), house.wall(10s)),
                                          std::pair(house.wall(13s), house.wall(15s)),
                                          std::pair(house.wall(17s), house.wall(20s))));
  EXPECT_EQ(made->gaps.size(), 3U);
}

TEST_F(ExportTest, SeekingFindsThePictureOfAnInstant) {
  house.add({.at = 0s});
  house.add({.at = 10s});
  ASSERT_TRUE(give(0s, 12s));
  EXPECT_EQ(jump_to(film(), 1'500'000).number, 45U);
  EXPECT_EQ(jump_to(film(), 11'000'000).number, 30U);
}

TEST_F(ExportTest, ReadsAnOpenSegmentUpToItsLastWholeFragment) {
  house.add({.at = 0s, .ending = Ending::cut_short});
  const auto made = give(0s, 1h);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(numbers_of(watch(film())), counted({{0, 60}}));
}

TEST_F(ExportTest, OverlappingSegmentsStayInOrder) {
  house.add({.at = 0s});
  house.add({.at = 1900ms});
  ASSERT_TRUE(give(0s, 4s));
  const auto seen = watch(film());
  EXPECT_TRUE(seen.times_grow);
  EXPECT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}}));
  expect_steady(seen, 0, 120, 0);
}

TEST_F(ExportTest, CarriesReorderedPictures) {
  house.add({.at = 0s, .shape = {.b_frames = 2}});
  house.add({.at = 2s, .shape = {.b_frames = 2}});
  ASSERT_TRUE(give(700ms, 4s));
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{15, 60}, {0, 60}}));
  EXPECT_TRUE(seen.times_grow);
}

TEST_F(ExportTest, ChangedParametersStandInTheStream) {
  house.add({.at = 0s});
  house.add({.at = 2s, .shape = {.width = 704, .height = 400}});
  house.add({.at = 4s});
  const auto made = give(0s, 6s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  ASSERT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}, {0, 60}}));
  EXPECT_EQ(seen.pictures[59].width, 640);
  EXPECT_EQ(seen.pictures[60].width, 704);
  EXPECT_EQ(seen.pictures[120].width, 640);
  EXPECT_EQ(seen.tag, "avc3");
}

TEST_F(ExportTest, ChangedParametersOfH265StandInTheStream) {
  house.add({.at = 0s, .shape = {.encoder = "libx265"}});
  house.add({.at = 2s, .shape = {.width = 704, .height = 400, .encoder = "libx265"}});
  const auto made = give(0s, 4s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  ASSERT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}}));
  EXPECT_EQ(seen.pictures[60].width, 704);
  EXPECT_EQ(seen.tag, "hev1");
}

TEST_F(ExportTest, H265IsExported) {
  house.add({.at = 0s, .shape = {.encoder = "libx265"}});
  ASSERT_TRUE(give(0s, 2s));
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{0, 60}}));
  EXPECT_EQ(seen.tag, "hvc1");
}

TEST_F(ExportTest, AnotherCodecIsRefusedByTheMomentAndTheMend) {
  house.add({.at = 0s});
  house.add({.at = 2s, .shape = {.encoder = "libx265"}});
  const auto made = give(0s, 4s);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::unsupported);
  EXPECT_THAT(made.error().text(), HasSubstr("from h264 to hevc at " + rfc3339(house.wall(2s))));
  EXPECT_THAT(made.error().text(), HasSubstr("export two intervals"));
  expect_nothing_left();
  // The mend it names works.
  EXPECT_TRUE(give(0s, 2s));
  EXPECT_TRUE(give(2s, 4s));
}

TEST_F(ExportTest, AGapLongerThanTimestampsSpanIsRefused) {
  house.add({.at = 0s});
  house.add({.at = 7h});
  const auto made = give(0s, 8h);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::unsupported);
  EXPECT_THAT(made.error().text(), HasSubstr("there is a gap from " + rfc3339(house.wall(2s))));
}

TEST_F(ExportTest, ALongGapIsSpanned) {
  house.add({.at = 0s});
  house.add({.at = 5h});
  ASSERT_TRUE(give(0s, 6h));
  const auto seen = watch(film());
  ASSERT_EQ(seen.pictures.size(), 120U);
  expect_steady(seen, 60, 120, 5 * 3600 * std::int64_t{1'000'000});
}

TEST_F(ExportTest, SoundKeepsItsPlaceAndMayBeMissing) {
  house.add({.at = 0s, .sound = "aac"});
  house.add({.at = 2s});
  house.add({.at = 4s, .sound = "aac"});
  const auto made = give(0s, 6s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}, {0, 60}}));
  EXPECT_TRUE(seen.times_grow);
  const auto within = [&](std::int64_t from, std::int64_t to) {
    return std::count_if(seen.sound.begin(), seen.sound.end(),
                         [&](const auto& sound) { return sound.at >= from && sound.at < to; });
  };
  // 46.9 packets a second; the encoder's first and a player's last ones are left out.
  EXPECT_NEAR(static_cast<double>(within(-100'000, 2'000'000)), 91, 3);
  EXPECT_EQ(within(2'050'000, 3'950'000), 0);
  EXPECT_NEAR(static_cast<double>(within(3'950'000, 6'000'000)), 91, 3);
}

TEST_F(ExportTest, SoundOfATelephoneIsQuickTimeAndItsGapsAreSilent) {
  house.add({.at = 0s, .sound = "pcm_alaw"});
  house.add({.at = 5s, .sound = "pcm_alaw"});
  const auto made = give(0s, 7s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  EXPECT_EQ(seen.format, "qt  ");
  std::string heard;
  for (const auto& sound : seen.sound) heard += sound.bytes;
  // Eight samples a millisecond, as long as the pictures.
  ASSERT_NEAR(static_cast<double>(heard.size()), 7000 * 8, 400);
  EXPECT_EQ(heard.find('\xD5'), heard.find_first_not_of('\x2A'));
  EXPECT_NEAR(static_cast<double>(heard.find('\xD5')), 2000 * 8, 400);
  EXPECT_NEAR(static_cast<double>(heard.rfind('\xD5')), 5000 * 8, 400);
}

// What belongs before the first picture of a segment is in the film, but for that of the film itself.
TEST_F(ExportTest, SoundThatIsLateIsWhole) {
  for (const auto& [codec, packet] : {std::pair{"aac", 1024 / 48.0}, std::pair{"pcm_alaw", 20.0}}) {
    store::Folder other;
    FootageHouse footage{other.path() / "house"};
    for (const auto at : {0s, 2s, 4s}) footage.add({.at = at, .sound = codec, .sound_lag = 140ms});
    ExportOrder order{"front", footage.wall(0s), footage.wall(7s), film(), false};
    ASSERT_TRUE(export_footage(footage.index(), footage.recordings(), footage.key(), order, {}, {}));
    std::string heard;
    for (const auto& sound : watch(film()).sound) heard += sound.bytes;
    // Without so many packets at its beginning.
    const auto sent = [name = codec](std::size_t without) {
      std::string bytes;
      for (const auto& one : encode_sound(name, 2s))
        if (without == 0 || without-- == 0)
          bytes.append(reinterpret_cast<const char*>(one->data->data), one->size);
      return bytes;
    };
    const auto all = sent(static_cast<std::size_t>(std::ceil(140 / packet))) + sent(0) + sent(0);
    EXPECT_TRUE(heard == all) << codec << ": " << heard.size() << " bytes of " << all.size();
  }
}

TEST_F(ExportTest, OtherSoundIsRefused) {
  house.add({.at = 0s, .sound = "aac"});
  house.add({.at = 2s, .sound = "pcm_alaw"});
  const auto made = give(0s, 4s);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text(), HasSubstr("sound changes from aac of 48000 Hz to pcm_alaw of 8000 Hz"));
}

TEST_F(ExportTest, WhatCannotBeReadIsAGap) {
  house.add({.at = 0s});
  const auto lost = house.add({.at = 2s});
  house.add({.at = 4s});
  std::filesystem::remove(house.recordings() / lost.file);
  const auto made = give(0s, 6s);
  ASSERT_TRUE(made) << made.error().text();
  ASSERT_EQ(made->gaps.size(), 1U);
  EXPECT_EQ(made->gaps[0].cause, event::GapCause::damaged);
  EXPECT_EQ(made->gaps[0].detail, lost.file + ": not_found");  // it goes into a manifest: no place of ours
  EXPECT_EQ(made->gaps[0].start, lost.start);
  EXPECT_TRUE(made->unexplained.empty());
  const auto seen = watch(film());
  ASSERT_EQ(seen.pictures.size(), 120U);
  expect_steady(seen, 60, 120, 4'000'000);
}

// The second second's own index is no box any more: what lies behind it cannot be shown.
void damage_second_fragment(const std::filesystem::path& file) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  std::ostringstream all;
  all << bytes.rdbuf();
  const auto first = all.str().find("moof");
  const auto second = all.str().find("moof", first + 4);
  ASSERT_NE(second, std::string::npos);
  bytes.clear();
  bytes.seekp(static_cast<std::streamoff>(second));
  bytes << "MOOF";
}

TEST_F(ExportTest, TheRestOfASegmentThatIsDamagedInTheMiddleIsAGap) {
  const auto damaged = house.add({.at = 0s});
  house.add({.at = 2s});
  damage_second_fragment(house.recordings() / damaged.file);
  const auto made = give(0s, 4s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{0, 30}, {0, 60}}));
  expect_steady(seen, 30, 90, 2'000'000);
  ASSERT_EQ(made->gaps.size(), 1U);
  EXPECT_EQ(made->gaps[0].cause, event::GapCause::damaged);
  EXPECT_EQ(made->gaps[0].start, house.wall(1s));
  EXPECT_EQ(made->gaps[0].stop, damaged.end);
  // An interval that lies in what is lost.
  const auto none = give(1500ms, 2s);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(none.error().text(), HasSubstr(rfc3339(house.wall(1s))));
}

void remove_fragment(const std::filesystem::path& file, int number) {
  std::ostringstream all;
  all << std::ifstream(file, std::ios::binary).rdbuf();
  const auto bytes = all.str();
  auto begin = bytes.find("moof");
  for (int i = 1; i < number; ++i) begin = bytes.find("moof", begin + 4);
  const auto end = bytes.find("moof", begin + 4);
  ASSERT_NE(end, std::string::npos);
  std::ofstream(file, std::ios::binary) << bytes.substr(0, begin - 4) + bytes.substr(end - 4);
}

// A keyframe each second and a half, a fragment each second: what follows a missing one is not shown before
// the next keyframe.
Piece four_fragments() {
  Piece piece{.at = 0s};
  piece.shape.frames = 120;
  piece.shape.keyframe_interval = 45;
  return piece;
}

TEST_F(ExportTest, AFragmentThatIsMissingInTheMiddleIsAGapUpToTheNextKeyframe) {
  const auto holed = house.add(four_fragments());
  house.add({.at = 4s});
  remove_fragment(house.recordings() / holed.file, 2);
  const auto made = give(0s, 6s);
  ASSERT_TRUE(made) << made.error().text();
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{0, 30}, {90, 120}, {0, 60}}));
  expect_steady(seen, 30, 120, 3'000'000);
  ASSERT_EQ(made->gaps.size(), 1U);
  EXPECT_EQ(made->gaps[0].cause, event::GapCause::damaged);
  EXPECT_EQ(made->gaps[0].start, house.wall(1s));
  EXPECT_EQ(made->gaps[0].stop, house.wall(3s));
  // A film that begins behind it has no gap.
  const auto later = give(3s, 6s);
  ASSERT_TRUE(later) << later.error().text();
  EXPECT_TRUE(later->gaps.empty());
  EXPECT_EQ(numbers_of(watch(film())), counted({{90, 120}, {0, 60}}));
}

TEST_F(ExportTest, ABeginningThatIsMissingMovesNothing) {
  auto piece = four_fragments();
  piece.shape.keyframe_interval = 30;
  const auto holed = house.add(piece);
  house.add({.at = 4s});
  remove_fragment(house.recordings() / holed.file, 1);
  const auto made = give(0s, 6s);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->start, house.wall(1s));
  const auto seen = watch(film());
  EXPECT_EQ(numbers_of(seen), counted({{30, 120}, {0, 60}}));
  expect_steady(seen, 0, 150, 0);
  ASSERT_EQ(made->gaps.size(), 1U);
  EXPECT_EQ(made->gaps[0].start, house.wall(0s));
  EXPECT_EQ(made->gaps[0].stop, house.wall(1s));
}

TEST_F(ExportTest, ARowThatEndsWhereTheNextBeginsIsNoDamage) {
  auto row = house.add({.at = 0s});
  row.end_at += 700ms;  // the camera's clock was slow
  ASSERT_TRUE(house.index().finish(row));
  house.add({.at = 2700ms});
  const auto made = give(0s, 5s);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->gaps.size() + made->unexplained.size(), 0U);
}

// What happens to the files between the plan and the copy.
class ExportCopyTest : public ExportTest {
 protected:
  Result<Exported> copy(const std::function<void()>& meanwhile, bool with_manifest = false) {
    order.signed_manifest = with_manifest;
    auto made_plan = plan_export(house.index(), house.recordings(), order, {});
    EXPECT_TRUE(made_plan) << made_plan.error().text();
    plan = std::move(*made_plan);
    meanwhile();
    return ExportCopy(order, house.recordings(), plan, {}, {}).run(film());
  }
  // Cuts a file within the media of its second second.
  void shorten(const store::Segment& segment) {
    const auto file = house.recordings() / segment.file;
    std::ostringstream all;
    all << std::ifstream(file, std::ios::binary).rdbuf();
    const auto second = all.str().find("mdat", all.str().find("mdat") + 4);
    ASSERT_NE(second, std::string::npos);
    std::filesystem::resize_file(file, second + 500);
  }

  ExportOrder order{"front", house.wall(0s), house.wall(10s), film(), false};
  ExportPlan plan;
};

TEST_F(ExportCopyTest, ASegmentThatIsDeletedMeanwhileIsAGap) {
  house.add({.at = 0s});
  const auto lost = house.add({.at = 2s});
  house.add({.at = 4s});
  for (const bool with_manifest : {false, true}) {
    const auto made =
        copy([&] { std::filesystem::rename(house.recordings() / lost.file, folder.path() / "gone"); },
             with_manifest);
    std::filesystem::rename(folder.path() / "gone", house.recordings() / lost.file);
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(made->files.size(), 2U);
    EXPECT_EQ(plan.parts.size(), 2U) << "it is no source of this film";
    ASSERT_EQ(plan.gaps.size(), 1U);
    EXPECT_EQ(plan.gaps[0].cause, event::GapCause::damaged);
    EXPECT_EQ(plan.gaps[0].start, house.wall(2s));
    EXPECT_EQ(plan.gaps[0].stop, house.wall(4s));
    const auto seen = watch(film());
    EXPECT_EQ(numbers_of(seen), counted({{0, 60}, {0, 60}}));
    expect_steady(seen, 60, 120, 4'000'000);
  }
}

TEST_F(ExportCopyTest, TheFirstMayBeTheOneThatIsGone) {
  const auto lost = house.add({.at = 0s});
  house.add({.at = 2s});
  const auto made = copy([&] { std::filesystem::remove(house.recordings() / lost.file); });
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->start, house.wall(2s));
  EXPECT_EQ(numbers_of(watch(film())), counted({{0, 60}}));
}

TEST_F(ExportCopyTest, WhereReadingFailsTheRestIsAGap) {
  const auto lost = house.add({.at = 0s});
  house.add({.at = 2s});
  const auto made = copy([&] { shorten(lost); });
  ASSERT_TRUE(made) << made.error().text();
  ASSERT_EQ(plan.gaps.size(), 1U);
  EXPECT_EQ(plan.gaps[0].cause, event::GapCause::damaged);
  EXPECT_GE(*plan.gaps[0].start, house.wall(1s));
  EXPECT_LT(*plan.gaps[0].start, house.wall(2s));
  EXPECT_EQ(plan.gaps[0].stop, house.wall(2s));
  EXPECT_EQ(made->files.size(), 2U);
  const auto seen = watch(film());
  const auto first = seen.pictures.size() - 60;
  EXPECT_GE(first, 30U);
  EXPECT_LT(first, 60U);
  EXPECT_TRUE(seen.times_grow);
  expect_steady(seen, first, first + 60, 2'000'000);
}

TEST_F(ExportCopyTest, WhenAllOfItIsGoneItFails) {
  const auto lost = house.add({.at = 0s});
  const auto made = copy([&] { std::filesystem::remove(house.recordings() / lost.file); });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(made.error().text(), HasSubstr(lost.file));
}

TEST_F(ExportTest, WhenNothingWasRecordedItSaysSo) {
  house.add({.at = 0s});
  house.add({.camera = "other", .at = 10s});
  const auto made = give(10s, 12s);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::not_found);
  EXPECT_EQ(give(2s, 1s).error().code(), ErrorCode::invalid_argument);
  expect_nothing_left();
}

TEST_F(ExportTest, ProgressGrowsUpToTheEnd) {
  house.add({.at = 0s});
  house.add({.at = 2s});
  ASSERT_TRUE(give(0s, 4s));
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end(), [](auto a, auto b) { return a.done < b.done; }));
  EXPECT_EQ(told.back().done, told.back().all);
  EXPECT_GT(told.back().all, 10'000U);
}

TEST_F(ExportTest, CancelledItLeavesNothing) {
  house.add({.at = 0s});
  std::stop_source stop;
  stop.request_stop();
  const auto made = give(0s, 4s, stop.get_token());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::cancelled);
  expect_nothing_left();
}

// Putting the index in front takes its time, and nobody is told meanwhile.
TEST_F(ExportTest, ADeadlineIsAskedOfOnceMoreBeforeTheIndexIsMade) {
  house.add({.at = 0s});
  std::stop_source stop;
  std::uintmax_t written = 0;
  const ExportOrder order{"front", house.wall(0s), house.wall(4s), film(), false};
  const auto made = export_footage(
      house.index(), house.recordings(), house.key(), order,
      [&](const Progress& progress) {
        std::error_code gone;
        written = std::filesystem::file_size(film().string() + ".part", gone);
        if (progress.done < progress.all) stop.request_stop();
      },
      stop.get_token());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::cancelled);
  EXPECT_GT(written, 0U) << "it had been begun";
  expect_nothing_left();
}

TEST_F(ExportTest, AFolderThatIsNotThereIsNamed) {
  house.add({.at = 0s});
  ExportOrder order{"front", house.wall(0s), house.wall(2s), folder.path() / "no" / "film.mp4", false};
  const auto made = export_footage(house.index(), house.recordings(), house.key(), order, {}, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::not_found);
  EXPECT_THAT(made.error().text(), HasSubstr("film.mp4.part"));
}

TEST_F(ExportTest, FootageOfKnowsWhatOverlapsAndWhatStillGrows) {
  house.add({.at = 0s});
  house.add({.at = 2s});
  house.add({.at = 4s, .ending = Ending::open});
  house.add({.camera = "other", .at = 2s});
  house.add_gap("front", 1s, 3s, event::GapCause::eof);
  const auto found = footage_of(house.index(), "front", house.wall(2s), house.wall(4s));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->segments.size(), 1U);
  EXPECT_EQ(found->segments[0].start, house.wall(2s));
  EXPECT_EQ(found->gaps.size(), 1U);
  // How far the open one has come is not known yet.
  const auto later = footage_of(house.index(), "front", house.wall(5s), house.wall(6s));
  ASSERT_TRUE(later);
  ASSERT_EQ(later->segments.size(), 1U);
  EXPECT_EQ(later->segments[0].state, store::SegmentState::open);
}

}  // namespace
}  // namespace porchlight::record::test
