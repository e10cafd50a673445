// SPDX-License-Identifier: Apache-2.0
// What lies at the border of two segments: nothing of it is lost, or it stands in the ledger.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "record/recording_rig.hpp"
#include "segment_media.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using media::test::ClipShape;
using std::chrono::milliseconds;
using test::Packets;
using test::RecordingRig;
using testing::IsEmpty;

RecordOptions segments_of(milliseconds length) {
  RecordOptions options;
  options.segment = length;
  return options;
}

ClipShape shape_of(const char* encoder, int frames, bool open_gop) {
  ClipShape shape;
  shape.frames = frames;
  shape.fps = RecordingRig::fps;
  // Of an open group every third picture refers to none behind it: the last two come behind a keyframe.
  shape.keyframe_interval = open_gop ? 24 : RecordingRig::gop;
  shape.b_frames = 2;
  shape.height = 128;
  shape.encoder = encoder;
  shape.open_gop = open_gop;
  return shape;
}

// By arrival, in real time; a turn each 200 ms.
void feed(RecordingRig& rig, Packets packets) {
  std::stable_sort(packets.begin(), packets.end(),
                   [](const auto& a, const auto& b) { return a->arrived < b->arrived; });
  const auto shift = std::chrono::duration_cast<milliseconds>(rig.clock.now() - packets.front()->arrived);
  auto turn = rig.clock.now();
  for (const auto& packet : packets) {
    const auto now = test::moved(packet, shift);
    rig.clock.advance(std::max<std::chrono::nanoseconds>(0ns, now->arrived - rig.clock.now()));
    if (rig.clock.now() - turn >= 200ms) {
      turn = rig.clock.now();
      rig.settle();
    }
    rig.recording->take(now);
  }
  rig.clock.advance(RecordingRig::picture_time);
  rig.recording->end();
}

// So much later: by its own clock (in pictures) and by ours.
Packets delayed(const Packets& packets, int pictures) {
  Packets later;
  for (const auto& packet : packets)
    later.push_back(
        test::changed(test::moved(packet, pictures * RecordingRig::picture_time), [&](auto& data) {
          data.pts += pictures;
          data.dts += pictures;
        }));
  return later;
}

// Packets of which the one at `arrived` comes at `when(arrived)` after the first was due; none overtakes
// another.
Packets arriving(const Packets& packets, const std::function<milliseconds(milliseconds)>& when) {
  const auto first = packets.front()->arrived;
  Packets later;
  for (const auto& packet : packets) {
    const auto due = std::chrono::duration_cast<milliseconds>(packet->arrived - first);
    later.push_back(test::moved(packet, when(due) - due));
  }
  return later;
}

void expect_each_begins_where_the_one_before_it_ends(const RecordingRig& rig) {
  EXPECT_THAT(rig.gaps(), IsEmpty());
  const auto segments = rig.segments();
  for (std::size_t i = 1; i < segments.size(); ++i)
    EXPECT_EQ(segments[i].begin_ms(), segments[i - 1].end_ms()) << "segment " << i;
}

// While the tail of the one before is being synced, nobody but the arrival says where the next begins.
TEST(Recording, AFirstPictureThatCameLateLeavesNoHoleAtTheNextBorder) {
  const auto video = test::pictures(shape_of("libx264", 150, false));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  RecordingRig rig(Mode::continuous, segments_of(2s), true, true);
  feed(rig, arriving(*video, [](auto due) { return std::max<milliseconds>(due, 300ms); }));
  expect_each_begins_where_the_one_before_it_ends(rig);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[1].begin_ms() - segments[0].begin_ms(), 1700);
  EXPECT_EQ(segments[2].begin_ms() - segments[1].begin_ms(), 2000);
}

// Its footage does not walk into the future.
TEST(Recording, ACameraWithAFastClockIsRecordedByOurs) {
  const auto video = test::pictures(shape_of("libx264", 300, false));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  RecordingRig rig(Mode::continuous, segments_of(2s), true, true);
  feed(rig, arriving(*video, [](auto due) { return due * 95 / 100; }));
  expect_each_begins_where_the_one_before_it_ends(rig);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 6U);
  for (std::size_t i = 1; i < segments.size(); ++i)
    EXPECT_EQ(segments[i].begin_ms() - segments[i - 1].begin_ms(), 1900) << "segment " << i;
}

std::vector<test::Stretch> undecodable(const RecordingRig& rig) {
  auto gaps = rig.gaps();
  std::erase_if(gaps, [](const auto& gap) { return gap.cause != event::GapCause::undecodable; });
  return gaps;
}

class OpenGroups : public testing::TestWithParam<const char*> {};

// A camera that never sends another keyframe: it takes twice as long, and what it costs is told.
TEST_P(OpenGroups, LoseNothingThatIsNotInTheLedger) {
  const auto video = test::pictures(shape_of(GetParam(), 250, true));
  if (!video) GTEST_SKIP() << "no encoder " << GetParam() << " here";
  RecordingRig rig(Mode::continuous, segments_of(2s));
  feed(rig, *video);
  test::expect_no_hole(rig.ledger());
  const auto segments = rig.segments();
  const auto gaps = undecodable(rig);
  ASSERT_EQ(segments.size(), 3U);
  ASSERT_EQ(gaps.size(), 2U);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto seen = test::see(rig.folder.path() / segments[i].file);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.damaged, 0U);
    ASSERT_FALSE(seen.numbers.empty());
    EXPECT_LT(seen.shown.front(), 1.0);
    EXPECT_EQ(seen.numbers.size(), segments[i].frames) << "each picture that is counted can be seen";
    const auto found = rig.scan(segments[i].file);
    EXPECT_THAT(found.faults, IsEmpty());
    EXPECT_EQ(found.frames, segments[i].frames);
    EXPECT_NEAR(static_cast<double>(segments[i].begin_ms() - segments[0].begin_ms()),
                static_cast<double>(seen.numbers.front() * 40), 2)
        << "by our clock";
    const auto missing = seen.numbers.front() - next;
    if (i > 0) {
      EXPECT_GT(missing, 0U) << "or this tests nothing";
      EXPECT_NEAR(static_cast<double>(gaps[i - 1].end_ms() - gaps[i - 1].begin_ms()),
                  static_cast<double>(missing * 40), 2);
    }
    for (std::size_t n = 0; n < seen.numbers.size(); ++n)
      ASSERT_EQ(seen.numbers[n], seen.numbers.front() + n) << "within segment " << i;
    next = seen.numbers.back() + 1;
  }
  EXPECT_EQ(next, 250U);
}

TEST_P(OpenGroups, AreNotCutWhileAClosedOneComes) {
  const auto video = test::pictures(shape_of(GetParam(), 72, true));
  if (!video) GTEST_SKIP() << "no encoder " << GetParam() << " here";
  auto all = *video;  // keyframes at 0.96 s, 1.92 s and, an IDR picture, 2.88 s
  const auto again = delayed(*video, 72);
  all.insert(all.end(), again.begin(), again.end());
  RecordingRig rig(Mode::continuous, segments_of(1500ms));
  feed(rig, all);
  EXPECT_THAT(undecodable(rig), IsEmpty());
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  for (const auto& one : segments) {
    EXPECT_EQ(one.frames, 72U);
    EXPECT_EQ(test::see(rig.folder.path() / one.file).numbers, test::numbers_up_to(72));
  }
}

// As after a connection that was made within the stream.
TEST_P(OpenGroups, AtTheBeginningAreCountedWithoutWhatNobodyCanDecode) {
  const auto video = test::pictures(shape_of(GetParam(), 75, true));
  if (!video) GTEST_SKIP() << "no encoder " << GetParam() << " here";
  auto first = video->begin() + 1;
  while (!(*first)->keyframe) ++first;
  RecordingRig rig(Mode::continuous);
  feed(rig, Packets(first, video->end()));
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 1U);
  const auto seen = test::see(rig.folder.path() / segments[0].file);
  EXPECT_EQ(seen.damaged, 0U);
  EXPECT_EQ(seen.numbers.size(), segments[0].frames);
  ASSERT_FALSE(seen.numbers.empty());
  EXPECT_EQ(seen.numbers.back(), 74U);
  EXPECT_EQ(seen.numbers.front(), 24U) << "the keyframe";
  EXPECT_EQ(seen.numbers.size(), 51U);
}

INSTANTIATE_TEST_SUITE_P(Encoders, OpenGroups, testing::Values("libx264", "libx265"),
                         [](const auto& tested) { return std::string(tested.param); });

struct Sound {
  std::string bytes;
  double begins = 0;         // s, since the beginning of the file
  double first_picture = 0;  // s
};

// By libavformat alone.
Sound sound_in(const std::filesystem::path& file) {
  Sound sound;
  AVFormatContext* opened = nullptr;
  EXPECT_GE(avformat_open_input(&opened, file.c_str(), nullptr, nullptr), 0);
  media::AvFormat format(opened);
  double shown = 1e9;
  bool any = false;
  for (auto data = media::make_av_packet(); av_read_frame(format.get(), data.get()) >= 0;
       data = media::make_av_packet()) {
    const auto& stream = *format->streams[data->stream_index];
    const double at = static_cast<double>(data->pts) * av_q2d(stream.time_base);
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
      shown = std::min(shown, at);
      continue;
    }
    if (!std::exchange(any, true)) sound.begins = at;
    sound.bytes.append(reinterpret_cast<const char*>(data->data), static_cast<std::size_t>(data->size));
  }
  sound.first_picture = shown;
  return sound;
}

std::string bytes_of(const Packets& packets, std::size_t header) {
  std::string bytes;
  for (const auto& packet : packets)
    bytes.append(reinterpret_cast<const char*>(packet->data->data) + header,
                 static_cast<std::size_t>(packet->data->size) - header);
  return bytes;
}

struct SoundKind {
  const char* name;
  const char* encoder;
  test::Wrap wrap = test::Wrap::bare;
  milliseconds late{0};  // than the pictures of its time

  std::size_t header() const { return wrap == test::Wrap::adts ? 7 : 0; }
};

class SoundAtBorders : public testing::TestWithParam<SoundKind> {};

TEST_P(SoundAtBorders, IsInExactlyOneSegment) {
  const auto& kind = GetParam();
  const auto video = test::pictures(shape_of("libx264", 150, false));
  auto audio = test::sound(kind.encoder, 6, kind.wrap);
  if (!video || !audio) GTEST_SKIP() << "no encoder " << kind.encoder << " here";
  auto all = *video;
  // That there is sound is known before the first picture, else the first segment could be of another kind.
  all.push_back(test::moved(audio->front(), -20ms));
  for (const auto& packet : *audio) all.push_back(test::moved(packet, kind.late));
  RecordingRig rig(Mode::continuous, segments_of(2s));
  feed(rig, all);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 3U);
  std::string kept;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto file = rig.folder.path() / segments[i].file;
    const auto found = sound_in(file);
    EXPECT_FALSE(found.bytes.empty());
    EXPECT_LT(found.first_picture, 1.0);
    if (i > 0) {
      EXPECT_NEAR(found.begins - found.first_picture, -static_cast<double>(kind.late.count()) / 1000, 0.03);
    }
    kept += found.bytes;
    const auto seen = test::see(file);
    EXPECT_EQ(seen.numbers.size(), 50U);
    EXPECT_FALSE(seen.sound_failed);
    const auto scanned = rig.scan(segments[i].file);
    EXPECT_THAT(scanned.faults, IsEmpty());
    EXPECT_EQ(scanned.duration, 2s);
  }
  const auto sent = bytes_of(*audio, kind.header());
  EXPECT_EQ(kept.size(), sent.size());
  EXPECT_TRUE(kept == sent) << "other bytes, or in another order";
}

INSTANTIATE_TEST_SUITE_P(Codecs, SoundAtBorders,
                         testing::Values(SoundKind{"aac", "aac"},
                                         SoundKind{"aac_late", "aac", test::Wrap::bare, 140ms},
                                         SoundKind{"aac_later", "aac", test::Wrap::bare, 300ms},
                                         SoundKind{"adts_late", "aac", test::Wrap::adts, 140ms},
                                         SoundKind{"opus_late", "libopus", test::Wrap::bare, 140ms},
                                         SoundKind{"alaw_late", "pcm_alaw", test::Wrap::bare, 140ms},
                                         SoundKind{"mulaw_later", "pcm_mulaw", test::Wrap::bare, 300ms}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// Each packet says for itself what it is, and none comes before the segment's first fragment is written.
TEST(Recording, SoundThatWasKnownNeedsNoneAtTheBeginningOfASegment) {
  const auto video = test::pictures(shape_of("libx264", 150, false));
  auto audio = test::sound("aac", 6, test::Wrap::adts);
  if (!video || !audio) GTEST_SKIP() << "no encoder libx264 or aac here";
  const auto begin = audio->front()->arrived;
  std::erase_if(*audio, [&](const auto& packet) {
    return packet->arrived - begin > 1500ms && packet->arrived - begin < 3300ms;
  });
  auto all = *video;
  all.insert(all.end(), audio->begin(), audio->end());
  RecordingRig rig(Mode::continuous, segments_of(2s));
  feed(rig, all);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 3U);
  std::string kept;
  for (const auto& one : segments) {
    EXPECT_EQ(rig.scan(one.file).audio_codec, "aac");
    const auto found = sound_in(rig.folder.path() / one.file);
    EXPECT_LT(found.first_picture, 1.0);
    kept += found.bytes;
  }
  EXPECT_TRUE(kept == bytes_of(*audio, 7)) << kept.size() << " bytes";
}

}  // namespace
}  // namespace porchlight::record
