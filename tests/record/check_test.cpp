// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "footage_house.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/record/volume.hpp"
#include "store/fixture.hpp"

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}
void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class CheckTest : public testing::Test {
 protected:
  // "name file" of each fault.
  std::vector<std::string> check(CheckOrder order = {}) {
    last.clear();
    auto faults = check_footage(house.index(), house.recordings(), order, {});
    EXPECT_TRUE(faults) << faults.error().text();
    if (!faults) return {"failed"};
    last = std::move(*faults);
    std::vector<std::string> names;
    for (const auto& fault : last) names.push_back(fault.name + (fault.file.empty() ? "" : " ") + fault.file);
    return names;
  }
  // Mends what is there, and says what was not mended.
  std::vector<std::string> repair() {
    check({.repair = true});
    std::vector<std::string> left;
    for (const auto& fault : last) {
      EXPECT_EQ(fault.mendable, fault.mended) << fault.name << " " << fault.detail;
      if (!fault.mended) left.push_back(fault.name);
    }
    return left;
  }
  fs::path file_of(const store::Segment& segment) const { return house.recordings() / segment.file; }
  store::Gap only_gap() {
    const auto gaps = house.index().gaps({});
    EXPECT_TRUE(gaps && gaps->size() == 1);
    return gaps && !gaps->empty() ? gaps->front() : store::Gap();
  }

  store::Folder folder;
  FootageHouse house{folder.path() / "house"};
  store::Segment first = house.add({.at = 0s});
  store::Segment second = house.add({.at = 2s, .sound = "aac"});
  std::vector<FootageFault> last;
};

TEST_F(CheckTest, GoodFootageHasNoFault) {
  house.add_gap("front", 4s, 60s, event::GapCause::network);
  house.add({.at = 60s});
  house.add({.camera = "back", .at = 0s, .shape = {.encoder = "libx265"}, .sound = "pcm_alaw"});
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), IsEmpty());
  EXPECT_THAT(repair(), IsEmpty());
}

TEST_F(CheckTest, MissingFileBecomesAGap) {
  fs::remove(file_of(second));
  EXPECT_THAT(check(), ElementsAre("missing_file " + second.file));
  EXPECT_FALSE(last[0].mended);
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_EQ(only_gap().cause, event::GapCause::damaged);
  EXPECT_EQ(only_gap().start, second.start);
  EXPECT_EQ(only_gap().stop, second.end);
}

TEST_F(CheckTest, UnindexedFileGetsItsRow) {
  const auto lone = house.add({.at = 4s, .sound = "aac", .indexed = false});
  EXPECT_THAT(check(), ElementsAre("unindexed_file " + lone.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), IsEmpty());
  const auto row = house.index().segment_of_file(lone.file);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->state, store::SegmentState::closed);
  EXPECT_EQ((*row)->begin, lone.begin);
  EXPECT_EQ((*row)->end_at, lone.end_at);
  EXPECT_EQ((*row)->frames, lone.frames);
  EXPECT_EQ((*row)->bytes, lone.bytes);
  EXPECT_EQ((*row)->crc, lone.crc);
  EXPECT_EQ((*row)->codec, "h264");
  EXPECT_EQ((*row)->audio_codec, "aac");
  EXPECT_EQ((*row)->start, house.wall(4s));
}

TEST_F(CheckTest, TheLedgerGivesWayToAFileThatGetsItsRow) {
  const auto lone = house.add({.at = 6s, .indexed = false});
  house.add_gap("front", 4s, 60s, event::GapCause::crash);
  house.add({.at = 60s});
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
  const auto gaps = house.index().gaps({.oldest_first = true});
  ASSERT_TRUE(gaps && gaps->size() == 2);
  EXPECT_EQ((*gaps)[0].stop, house.wall(6s));
  EXPECT_EQ((*gaps)[1].begin.at, lone.end_at);
}

TEST_F(CheckTest, TornTailIsHealed) {
  const auto torn = house.add({.at = 4s, .ending = Ending::cut_short});
  EXPECT_THAT(check(), ElementsAre("torn_tail " + torn.file + ".part"));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), IsEmpty());
  const auto row = house.index().segment_of_file(torn.file);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->state, store::SegmentState::torn);
  EXPECT_EQ((*row)->frames, 60U);
}

TEST_F(CheckTest, ATornFileWithoutARowGetsOne) {
  const auto torn = house.add({.at = 4s, .ending = Ending::cut_short, .indexed = false});
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), IsEmpty());
  const auto row = house.index().segment_of_file(torn.file);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->state, store::SegmentState::torn);
}

TEST_F(CheckTest, AFileThatLostItsTailIsHealed) {
  const auto bytes = read(file_of(second));
  write(file_of(second), bytes.substr(0, bytes.size() - 10));
  EXPECT_THAT(check(), ElementsAre("torn_tail " + second.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), IsEmpty());
}

TEST_F(CheckTest, WhatWasNeverWholeGoes) {
  const auto torn = house.add({.at = 4s, .ending = Ending::open});
  const auto part = file_of(torn).string() + ".part";
  const auto bytes = read(part);
  write(part, bytes.substr(0, bytes.find("moof") + 20));
  EXPECT_THAT(check(), ElementsAre("torn_tail " + torn.file + ".part"));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_FALSE(fs::exists(part));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(CheckTest, BadBoxIsNamedAndLeftAlone) {
  auto bytes = read(file_of(first));
  // The second fragment's own index.
  const auto at = bytes.find("trun", bytes.find("moof") + 2000);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'T';
  write(file_of(first), bytes);
  EXPECT_THAT(check(), ElementsAre("bad_box " + first.file));
  check({.repair = true});
  EXPECT_EQ(read(file_of(first)), bytes);
}

TEST_F(CheckTest, BadCrcIsFoundWhenEveryByteIsRead) {
  auto bytes = read(file_of(first));
  const auto at = bytes.find("mdat") + 3000;
  bytes[at] = static_cast<char>(bytes[at] ^ 4);
  write(file_of(first), bytes);
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_THAT(check({.deep = true}), ElementsAre("bad_crc " + first.file));
  EXPECT_FALSE(last[0].mendable);
}

TEST_F(CheckTest, TrailingBytesAreCutOff) {
  const auto bytes = read(file_of(first));
  write(file_of(first), bytes + std::string(50, 'x'));
  EXPECT_THAT(check(), ElementsAre("trailing_bytes " + first.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_EQ(read(file_of(first)), bytes);
  EXPECT_THAT(check({.deep = true}), IsEmpty());
}

TEST_F(CheckTest, WrongSizeAndWrongRowAreMadeTrue) {
  auto row = first;
  row.bytes += 1;
  ASSERT_TRUE(house.index().finish(row));
  row = second;
  row.frames -= 1;
  ASSERT_TRUE(house.index().finish(row));
  EXPECT_THAT(check(), ElementsAre("wrong_size " + first.file, "wrong_row " + second.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
}

// A segment that ended because the camera's clock had drifted: the row is by ours.
TEST_F(CheckTest, ARowThatEndsWhereSomethingBeginsIsNotWrongForItsLength) {
  auto row = second;
  row.end_at += 1300ms;
  ASSERT_TRUE(house.index().finish(row));
  EXPECT_THAT(check(), ElementsAre("wrong_row " + second.file));
  ASSERT_TRUE(house.index().begin_gap({.camera_id = "front", .begin = {row.begin.boot, row.end_at}}));
  EXPECT_THAT(check(), IsEmpty());
  row.frames -= 1;
  ASSERT_TRUE(house.index().finish(row));
  EXPECT_THAT(check(), ElementsAre("wrong_row " + second.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_EQ((*house.index().segment(second.id))->end_at, row.end_at) << "by the file's length";
}

TEST_F(CheckTest, ARowThatStayedOpenIsClosed) {
  auto row = first;
  row.state = store::SegmentState::open;
  ASSERT_TRUE(house.index().finish(row));
  EXPECT_THAT(check(), ElementsAre("wrong_row " + first.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(CheckTest, WhatIsNoSegmentGoesIntoQuarantine) {
  write(house.recordings() / "front" / "notes.txt", "hello");
  write(file_of(second), "nothing of ours");
  EXPECT_THAT(check(),
              testing::UnorderedElementsAre("not_a_segment front/notes.txt", "not_a_segment " + second.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_EQ(read(house.recordings() / "quarantine" / "front_notes.txt"), "hello");
  auto flat = second.file;
  std::replace(flat.begin(), flat.end(), '/', '_');
  EXPECT_EQ(read(house.recordings() / "quarantine" / flat), "nothing of ours");
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_EQ(only_gap().cause, event::GapCause::damaged);
}

TEST_F(CheckTest, WhatOthersKeepOnTheVolumeIsLeftAlone) {
  const std::vector<std::string> others{"notes.txt",         "film.mp4.part",
                                        "photos/2025/x.jpg", "photos/2025-01-01/12-00-00.000Z.mp4",
                                        "Photos/x.mp4",      "backup/a/b/c/x.part"};
  for (const auto& name : others) {
    fs::create_directories((house.recordings() / name).parent_path());
    write(house.recordings() / name, name);
  }
  EXPECT_THAT(check({.deep = true}), IsEmpty());
  EXPECT_THAT(repair(), IsEmpty());
  for (const auto& name : others) EXPECT_EQ(read(house.recordings() / name), name);
  EXPECT_FALSE(fs::exists(house.recordings() / "quarantine"));
}

// The index is lost: what lies there says whose it is.
TEST_F(CheckTest, AFolderThatTheIndexDoesNotKnowIsACamerasByWhatLiesInIt) {
  const auto side = house.add({.camera = "side", .at = 4s, .indexed = false});
  const auto back = house.add({.camera = "back", .at = 4s, .ending = Ending::cut_short, .indexed = false});
  write(house.recordings() / "side" / "notes.txt", "x");
  EXPECT_THAT(check(),
              testing::UnorderedElementsAre("torn_tail " + back.file + ".part",
                                            "not_a_segment side/notes.txt", "unindexed_file " + side.file));
}

TEST_F(CheckTest, AForeignNameIsNamed) {
  fs::create_directories(house.recordings() / "back" / "2026-11-26");
  fs::copy(file_of(first), house.recordings() / "back" / "2026-11-26" / "12-00-00.000Z.mp4");
  EXPECT_THAT(check(), ElementsAre("bad_name back/2026-11-26/12-00-00.000Z.mp4"));
}

TEST_F(CheckTest, UnfinishedDeletesAreFinished) {
  ASSERT_TRUE(house.index().begin_delete({first.id}));
  EXPECT_THAT(check(), ElementsAre("unfinished_delete " + first.file));
  EXPECT_THAT(repair(), IsEmpty());
  EXPECT_FALSE(fs::exists(file_of(first)));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(CheckTest, OverlapIsNamed) {
  const auto third = house.add({.at = 3s});
  EXPECT_THAT(check(), ElementsAre("overlap " + third.file));
}

TEST_F(CheckTest, UnexplainedTimeIsNamedWhereAllOfItIsPlanned) {
  const auto third = house.add({.at = 6s});
  EXPECT_THAT(check(), ElementsAre("unexplained_time " + third.file));
  EXPECT_THAT(last[0].detail, HasSubstr(rfc3339(house.wall(4s)) + " to " + rfc3339(house.wall(6s))));
  CheckOrder order;
  order.continuous = {"back"};
  EXPECT_THAT(check(order), IsEmpty());
  order.continuous->push_back("front");
  EXPECT_THAT(check(order), ElementsAre("unexplained_time " + third.file));
  house.add_gap("front", 4s, 5s, event::GapCause::network);
  EXPECT_THAT(check(), ElementsAre("unexplained_time " + third.file));
  house.add_gap("front", 5s, 6s, event::GapCause::overload);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(CheckTest, OnePictureIsTolerated) {
  house.add({.at = 4060ms});
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(CheckTest, AGapOverFootageIsNamed) {
  house.add_gap("front", 500ms, 1500ms, event::GapCause::network);
  EXPECT_THAT(check(), ElementsAre("gap_over_footage " + first.file));
}

TEST_F(CheckTest, AnotherVolumeIsNamedAlone) {
  auto text = read(house.recordings() / Volume::identity_file);
  const auto id = text.find("\"id\":\"") + 6;
  text[id] = text[id] == '0' ? '1' : '0';
  write(house.recordings() / Volume::identity_file, text);
  fs::remove(file_of(first));
  EXPECT_THAT(check(), ElementsAre("wrong_volume"));
  fs::remove(house.recordings() / Volume::identity_file);
  EXPECT_THAT(check(), ElementsAre("wrong_volume"));
}

// Beside a daemon, which holds the identity file locked.
TEST_F(CheckTest, WhatADaemonIsJustDoingIsNoFault) {
  const UniqueFd daemon(::open((house.recordings() / Volume::identity_file).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(daemon.get(), LOCK_EX), 0);
  house.add({.at = 4s, .ending = Ending::open});
  house.add({.camera = "back", .at = 4s, .ending = Ending::open, .indexed = false});
  house.add({.camera = "side", .at = 4s, .indexed = false});
  ASSERT_TRUE(house.index().begin_delete({first.id}));
  EXPECT_THAT(check(), IsEmpty());
  // What is wrong is still told.
  fs::remove(file_of(second));
  EXPECT_THAT(check(), ElementsAre("missing_file " + second.file));
}

// Between the look at the folder and the look at the file.
TEST_F(CheckTest, ASegmentThatADaemonFinishesMeanwhileIsNoFault) {
  auto late = house.add({.at = 4s, .ending = Ending::open});
  const auto part = fs::path(file_of(late)) += ".part";
  int files = 0, finished_at = 0;
  const auto finish = [&](const Progress&) {
    ++files;
    if (!fs::exists(part)) return;
    finished_at = files;
    fs::rename(part, file_of(late));
    late.state = store::SegmentState::closed;
    EXPECT_TRUE(house.index().finish(late));
  };
  const auto faults = check_footage(house.index(), house.recordings(), {.daemon_runs = true}, finish);
  ASSERT_TRUE(faults) << faults.error().text();
  EXPECT_THAT(*faults, IsEmpty());
  EXPECT_EQ(finished_at, 1);
  EXPECT_EQ(files, 3);
}

TEST_F(CheckTest, ADaemonThatTheCallerKnowsOfCounts) {
  house.add({.at = 4s, .ending = Ending::open});
  EXPECT_THAT(check({.daemon_runs = true}), IsEmpty());
  const auto faults =
      check_footage(house.index(), house.recordings(), {.repair = true, .daemon_runs = true}, {});
  ASSERT_FALSE(faults);
  EXPECT_EQ(faults.error().code(), ErrorCode::unavailable);
}

TEST_F(CheckTest, NothingIsRepairedUnderADaemon) {
  fs::remove(file_of(second));
  const UniqueFd daemon(::open((house.recordings() / Volume::identity_file).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(daemon.get(), LOCK_EX), 0);
  const auto faults = check_footage(house.index(), house.recordings(), {.repair = true}, {});
  ASSERT_FALSE(faults);
  EXPECT_EQ(faults.error().code(), ErrorCode::unavailable);
  EXPECT_THAT(faults.error().text(), HasSubstr("stop porchlight first"));
  const auto row = house.index().segment_of_file(second.file);
  EXPECT_TRUE(row && *row);
}

}  // namespace
}  // namespace porchlight::record::test
