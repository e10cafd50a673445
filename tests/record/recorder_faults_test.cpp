// SPDX-License-Identifier: Apache-2.0
// A disk that does not take what it is given: the kernel refuses for real (a limit of the process).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "record/packets.hpp"
#include "record/recording_rig.hpp"
#include "record/sync_fault.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::RecordingRig;
using testing::HasSubstr;
using testing::IsEmpty;

// No file of this process grows beyond it.
class FileLimit {
 public:
  explicit FileLimit(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &now), 0);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// This process opens no further file.
class OpenFilesLimit {
 public:
  OpenFilesLimit() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit now{3, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  ~OpenFilesLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Footage is deleted for a disk that is full, and for nothing else.
TEST(RecordingFaults, WhoHasNoFileDescriptorsAsksForNoRoom) {
  RecordingRig rig(Mode::continuous);
  (void)rig.next();  // makes the clip
  rig.reconnect();
  {
    const OpenFilesLimit limit;
    rig.play(3s);
  }
  EXPECT_EQ(rig.rooms_asked, 0);
  EXPECT_EQ(rig.gaps().back().cause, GapCause::disk_error);
  EXPECT_THAT(rig.gaps().back().detail, HasSubstr("Too many open files"));
  rig.play(3s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  EXPECT_EQ(rig.segments().size(), 1U);
}

TEST(RecordingFaults, AFailedWriteEndsTheSegmentWithWhatIsOnTheMedium) {
  RecordingRig rig(Mode::continuous);
  rig.play(4s);
  const auto file = rig.segments().at(0).file;
  const auto kept = rig.scan(file, true);
  std::int64_t failed_ms = 0;
  {
    const FileLimit limit(std::filesystem::file_size(rig.folder.path() / (file + ".part")) + 100);
    rig.play(1200ms);
    failed_ms = rig.now_ms();
    EXPECT_FALSE(rig.recording->writing());
  }
  rig.play(4s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_FALSE(segments[0].whole);
  EXPECT_EQ(segments[0].frames, kept.frames);
  EXPECT_EQ(segments[0].end_ms() - segments[0].begin_ms(), kept.duration.count());
  EXPECT_EQ(rig.scan(file, true).frames, kept.frames) << "what was synced stays readable";
  const auto gap = rig.gaps().at(1);
  EXPECT_EQ(gap.cause, GapCause::disk_error);
  EXPECT_EQ(gap.begin, segments[0].end);
  EXPECT_EQ(gap.end, segments[1].begin);
  EXPECT_LE(gap.end_ms(), failed_ms + 2'000);
  EXPECT_THAT(gap.detail, HasSubstr(file));
}

// The next event's window begins before anything is tried again.
TEST(RecordingFaults, AFaultThatGoesOnIsToldInTheNextWindow) {
  RecordOptions options;
  options.pre_roll = 0ms;
  options.post_roll = 1s;
  RecordingRig rig(Mode::events, options);
  rig.play(20s);
  rig.trigger(event::EventId::generate(rig.clock.wall()), rig.clock.now());
  rig.play(400ms);
  {
    const auto part = rig.folder.path() / (rig.segments().at(0).file + ".part");
    const FileLimit limit(std::filesystem::file_size(part) + 10);
    rig.play(800ms);
  }
  ASSERT_FALSE(rig.recording->writing());
  ASSERT_EQ(rig.gaps().size(), 1U);
  ASSERT_EQ(rig.gaps()[0].end_ms(), 22'000) << "the first window is over";
  const auto at = rig.now_ms();
  rig.trigger(event::EventId::generate(rig.clock.wall()), rig.clock.now());
  rig.play(3s);
  ASSERT_EQ(rig.segments().size(), 2U);
  ASSERT_EQ(rig.gaps().size(), 2U);
  EXPECT_EQ(rig.gaps()[1].cause, GapCause::disk_error);
  EXPECT_EQ(rig.gaps()[1].begin_ms(), at);
  EXPECT_EQ(rig.gaps()[1].end, rig.segments()[1].begin);
}

TEST(RecordingFaults, ADiskThatTakesNothingLeavesNothingBehindAndIsTriedEachSecond) {
  RecordingRig rig(Mode::continuous);
  {
    const FileLimit limit(10);
    rig.play(10s);
    EXPECT_THAT(rig.segments(), IsEmpty());
    EXPECT_THAT(rig.files(), IsEmpty()) << "attempts must not fill a disk that is full";
    EXPECT_EQ(rig.gaps().back().cause, GapCause::disk_error);
    EXPECT_EQ(rig.gaps().size(), 2U) << "one row, however often it is tried";
  }
  const auto mended = rig.now_ms();
  rig.play(4s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_LE(rig.segments()[0].begin_ms(), mended + 2'000);
}

TEST(RecordingFaults, AFolderThatCannotBeMadeIsAFaultOfTheDisk) {
  RecordingRig rig(Mode::continuous);
  ASSERT_TRUE(std::ofstream(rig.folder.path() / "front").put('x'));
  rig.play(3s);
  EXPECT_EQ(rig.gaps().back().cause, GapCause::disk_error);
  EXPECT_THAT(rig.gaps().back().detail, HasSubstr("front"));
  std::filesystem::remove(rig.folder.path() / "front");
  rig.play(3s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  EXPECT_EQ(rig.segments().size(), 1U);
}

// Somebody else for the kernel, whom no folder of ours is open to.
class Nobody {
 public:
  Nobody() : lowered_(::seteuid(65534) == 0) {}
  ~Nobody() {
    if (!lowered_) return;
    EXPECT_EQ(::seteuid(0), 0);
  }

 private:
  const bool lowered_;
};

TEST(RecordingFaults, AFolderThatMayNotBeWrittenIsTheVolumes) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  RecordingRig rig(Mode::continuous);
  {
    const Nobody nobody;
    rig.play(3s);
  }
  EXPECT_EQ(rig.gaps().back().cause, GapCause::volume);
  EXPECT_EQ(rig.rooms_asked, 0);
  rig.play(3s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  EXPECT_EQ(rig.segments().size(), 1U);
}

// No fault of the disk: libav makes no head of them.
TEST(RecordingFaults, PicturesThatAreNoneAreUndecodable) {
  RecordingRig rig(Mode::continuous);
  auto stream = std::make_shared<media::StreamInfo>(*rig.next()->stream);
  const auto bare = test::stream_of("h264");
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_H264;
  stream->codec = "h264";
  stream->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  stream->time_base_num = bare->time_base_num;
  stream->time_base_den = bare->time_base_den;
  for (int i = 0; i < 75; ++i) {
    rig.recording->take(test::packet_of(stream, {i % 25 == 0, i * 40, rig.now_ms()}, std::string(100, 'x')));
    rig.clock.advance(RecordingRig::picture_time);
    if (i % 5 == 4) rig.settle();
  }
  EXPECT_THAT(rig.segments(), IsEmpty());
  EXPECT_EQ(rig.gaps().back().cause, GapCause::undecodable) << rig.gaps().back().detail;
}

TEST(RecordingFaults, ASegmentThatCannotBeFinishedCountsAsFarAsItWasSynced) {
  RecordingRig rig(Mode::continuous);
  rig.play(4200ms);
  const auto file = rig.segments().at(0).file;
  const auto kept = rig.scan(file, true);
  const FileLimit limit(std::filesystem::file_size(rig.folder.path() / (file + ".part")));
  rig.gone(GapCause::network);
  rig.pause(200ms);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_FALSE(segments[0].whole);
  EXPECT_EQ(segments[0].frames, kept.frames);
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 3U);
  EXPECT_EQ(gaps[1].cause, GapCause::disk_error);
  EXPECT_EQ(gaps[1].begin, segments[0].end);
  EXPECT_EQ(gaps[2].cause, GapCause::network);
}

RecordOptions segments_of_five_seconds() {
  RecordOptions options;
  options.segment = 5s;
  return options;
}

// It is synced while the next one is written already.
TEST(RecordingFaults, AnEndThatIsNotSyncedIsAGapUpToTheNextSegmentWhichGoesOn) {
  RecordingRig rig(Mode::continuous, segments_of_five_seconds());
  rig.play(5s);
  const auto kept = rig.scan(rig.segments().at(0).file, true);
  ASSERT_LT(kept.frames, 125U) << "something has to be left for the end";
  test::fail_part_syncs(1);
  rig.play(RecordingRig::picture_time);
  // The thread of that sync, before the next one's first.
  for (int i = 0; i < 2'500 && test::part_syncs_to_fail() > 0; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(test::part_syncs_to_fail(), 0);
  rig.play(3s - RecordingRig::picture_time);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_FALSE(segments[0].whole);
  EXPECT_EQ(segments[0].frames, kept.frames);
  EXPECT_EQ(rig.scan(segments[0].file, true).frames, kept.frames) << "what was not synced must not look kept";
  EXPECT_TRUE(segments[1].whole);
  EXPECT_EQ(segments[1].frames, 75U);
  ASSERT_EQ(rig.gaps().size(), 2U);
  EXPECT_EQ(rig.gaps()[1].cause, GapCause::disk_error);
  EXPECT_EQ(rig.gaps()[1].begin, segments[0].end);
  EXPECT_EQ(rig.gaps()[1].end, segments[1].begin);
}

TEST(RecordingFaults, ANameThatCannotBeGivenCostsNothing) {
  RecordingRig rig(Mode::continuous, segments_of_five_seconds());
  rig.play(3s);
  const auto file = rig.folder.path() / rig.segments().at(0).file;
  ASSERT_TRUE(std::ofstream(file).put('x'));
  rig.play(5s);
  rig.recording->end();
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_FALSE(segments[0].whole) << "healing gives it its name";
  EXPECT_EQ(segments[0].frames, 125U);
  EXPECT_EQ(segments[1].frames, 75U);
  EXPECT_EQ(rig.gaps().size(), 1U) << "all of it is kept";
  const auto found = rig.scan(segments[0].file, true);
  EXPECT_TRUE(found.tail);
  EXPECT_EQ(found.frames, 125U);
}

}  // namespace
}  // namespace porchlight::record
