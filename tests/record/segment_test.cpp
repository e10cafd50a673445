// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "segment_media.hpp"
#include "store/fixture.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
}

namespace porchlight::record {
namespace {

using media::test::ClipShape;
using media::test::Headers;
using std::chrono::milliseconds;
using store::Folder;
using testing::IsEmpty;

struct Kind {
  const char* name;
  const char* codec;
  ClipShape shape;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

ClipShape shape_of(const char* encoder, int b_frames, Headers headers) {
  ClipShape shape;
  shape.frames = 75;
  shape.fps = 25;
  shape.keyframe_interval = 25;
  shape.b_frames = b_frames;
  shape.height = 128;
  shape.encoder = encoder;
  shape.headers = headers;
  return shape;
}

class SegmentOf : public testing::TestWithParam<Kind> {};

TEST_P(SegmentOf, ShowsEachPictureWhenItWasAndCanBeSought) {
  const auto& kind = GetParam();
  const auto video = test::pictures(kind.shape);
  if (!video) GTEST_SKIP() << "no encoder " << kind.shape.encoder << " here";
  Folder folder;
  const auto tail = test::write_segment(folder.path(), test::file_name, *video);
  ASSERT_TRUE(tail.ok()) << tail.error().text();
  const auto file = folder / test::file_name;
  EXPECT_EQ(tail->frames, 75U);
  EXPECT_EQ(tail->duration, milliseconds(3000));
  EXPECT_FALSE(tail->torn);
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".part"));

  const auto seen = test::see(file);
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.damaged, 0U);
  EXPECT_EQ(seen.numbers, test::numbers_up_to(75));
  ASSERT_EQ(seen.shown.size(), 75U);
  EXPECT_GE(seen.shown.front(), 0);
  EXPECT_LT(seen.shown.front(), 0.2);
  for (std::size_t i = 0; i < 75; ++i)
    EXPECT_NEAR(seen.shown[i] - seen.shown[0], static_cast<double>(i) / 25, 0.001) << "picture " << i;
  // Keyframes lie at 0, 1 and 2 s; MJPEG has nothing else.
  const double key = test::seek(file, seen.shown.front() + 1.53);
  EXPECT_NEAR(key - seen.shown.front(), kind.shape.keyframe_interval == 1 ? 1.52 : 1.0, 0.021);

  const auto scanned = scan_segment(file, Depth::contents);
  ASSERT_TRUE(scanned.ok()) << scanned.error().text();
  EXPECT_THAT(scanned->faults, IsEmpty());
  EXPECT_EQ(scanned->codec, kind.codec);
  EXPECT_EQ(scanned->audio_codec, "");
  EXPECT_EQ(scanned->width, 640);
  EXPECT_EQ(scanned->height, 128);
  EXPECT_EQ(scanned->frames, 75U);
  EXPECT_EQ(scanned->duration, milliseconds(3000));
  EXPECT_GE(scanned->fragments, 4U);
  EXPECT_LE(scanned->fragments, 5U);
  EXPECT_EQ(scanned->file_bytes, std::filesystem::file_size(file));
  EXPECT_EQ(scanned->whole_bytes, scanned->file_bytes);
  ASSERT_TRUE(scanned->tail.has_value());
  EXPECT_EQ(scanned->tail->crc, tail->crc);
  EXPECT_EQ(scanned->tail->bytes, tail->bytes);
  EXPECT_EQ(scanned->head.camera_id, "front");
  EXPECT_EQ(scanned->head.boot_id, test::head().boot_id);
  EXPECT_EQ(scanned->head.begin, test::head().begin);
  EXPECT_EQ(scanned->head.start, test::head().start);
  EXPECT_EQ(scanned->head.version, test::head().version);
}

ClipShape jpeg_shape() {
  auto shape = shape_of("mjpeg", 0, Headers::aside);
  shape.keyframe_interval = 1;
  return shape;
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, SegmentOf,
    testing::Values(Kind{"h264", "h264", shape_of("libx264", 0, Headers::aside)},
                    Kind{"h264_in_band", "h264", shape_of("libx264", 0, Headers::in_band)},
                    Kind{"h264_b_frames", "h264", shape_of("libx264", 3, Headers::aside)},
                    Kind{"h264_b_frames_in_band", "h264", shape_of("libx264", 2, Headers::in_band)},
                    Kind{"h265", "hevc", shape_of("libx265", 0, Headers::aside)},
                    Kind{"h265_in_band", "hevc", shape_of("libx265", 2, Headers::in_band)},
                    Kind{"mjpeg", "mjpeg", jpeg_shape()}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct SoundKind {
  const char* name;
  const char* encoder;
  const char* codec;
  test::Wrap wrap;
  const char* ending;
};

void PrintTo(const SoundKind& kind, std::ostream* out) {
  *out << kind.name;
}

class SegmentWithSound : public testing::TestWithParam<SoundKind> {};

// It begins half a second after the pictures, and has to stay there.
TEST_P(SegmentWithSound, HoldsItWhereItWas) {
  const auto& kind = GetParam();
  auto audio = test::sound(kind.encoder, 2.5, kind.wrap);
  if (!audio) GTEST_SKIP() << "no encoder " << kind.encoder << " here";
  const auto video = test::pictures(shape_of("libx264", 2, Headers::aside));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  // Sound comes on a clock of its own, as from a camera that never says how the two belong together.
  const auto other_clock = std::int64_t{1000} * audio->front()->stream->time_base_den;
  for (auto& packet : *audio)
    packet = test::changed(test::moved(packet, milliseconds(500)), [&](AVPacket& data) {
      data.pts += other_clock;
      data.dts += other_clock;
    });
  Folder folder;
  const std::string name = std::string("front/day/one.") + kind.ending;
  const auto tail = test::write_segment(folder.path(), name, *video, *audio);
  // What ADTS says of itself is known with its first packet, which comes before the first fragment ends.
  ASSERT_TRUE(tail.ok()) << tail.error().text();
  const auto seen = test::see(folder / name);
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.numbers, test::numbers_up_to(75));
  EXPECT_FALSE(seen.sound_failed);
  EXPECT_NEAR(seen.sound_begins - seen.shown.front(), 0.5, 0.03);
  EXPECT_NEAR(seen.sound_lasts, 2.5, 0.1);
  const auto scanned = scan_segment(folder / name, Depth::contents);
  ASSERT_TRUE(scanned.ok()) << scanned.error().text();
  EXPECT_THAT(scanned->faults, IsEmpty());
  EXPECT_EQ(scanned->audio_codec, kind.codec);
  EXPECT_EQ(scanned->codec, "h264");
  EXPECT_EQ(scanned->frames, 75U);
}

INSTANTIATE_TEST_SUITE_P(Codecs, SegmentWithSound,
                         testing::Values(SoundKind{"aac", "aac", "aac", test::Wrap::bare, "mp4"},
                                         SoundKind{"aac_adts", "aac", "aac", test::Wrap::adts, "mp4"},
                                         SoundKind{"opus", "libopus", "opus", test::Wrap::bare, "mp4"},
                                         SoundKind{"alaw", "pcm_alaw", "pcm_alaw", test::Wrap::bare, "mov"},
                                         SoundKind{"mulaw", "pcm_mulaw", "pcm_mulaw", test::Wrap::bare,
                                                   "mov"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(SegmentWriter, SoundOnTheCameraOwnClockIsNotMovedByItsArrival) {
  const auto video = test::pictures(shape_of("libx264", 0, Headers::aside));
  auto audio = test::sound("pcm_mulaw", 2);
  if (!video || !audio) GTEST_SKIP() << "no encoder libx264 here";
  // The camera says 700 ms; the network brings it 200 ms late.
  for (auto& packet : *audio)
    packet = test::changed(test::moved(packet, milliseconds(900)), [](AVPacket& data) {
      data.pts += 5600;
      data.dts += 5600;
    });
  Folder folder;
  ASSERT_TRUE(test::write_segment(folder.path(), "one.mov", *video, *audio).ok());
  const auto seen = test::see(folder / "one.mov");
  EXPECT_NEAR(seen.sound_begins - seen.shown.front(), 0.7, 0.001);
}

// libavformat's RTSP gives no dts where it cannot know them, and of H.265 no pts of the first picture either.
class OrderThatIsNotTold : public testing::TestWithParam<bool> {};

TEST_P(OrderThatIsNotTold, IsFound) {
  auto video = test::pictures(shape_of("libx264", 3, Headers::aside));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  for (auto& packet : *video)
    packet = test::changed(packet, [](AVPacket& data) { data.dts = AV_NOPTS_VALUE; });
  if (GetParam())
    video->front() = test::changed(video->front(), [](AVPacket& data) { data.pts = AV_NOPTS_VALUE; });
  Folder folder;
  const auto tail = test::write_segment(folder.path(), test::file_name, *video);
  ASSERT_TRUE(tail.ok()) << tail.error().text();
  const auto seen = test::see(folder / test::file_name);
  EXPECT_EQ(seen.numbers, test::numbers_up_to(75));
  EXPECT_LT(seen.shown.front(), 0.2);
  for (std::size_t i = 0; i < seen.shown.size(); ++i)
    EXPECT_NEAR(seen.shown[i] - seen.shown[0], static_cast<double>(i) / 25, 0.001) << "picture " << i;
}

INSTANTIATE_TEST_SUITE_P(First, OrderThatIsNotTold, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "says_nothing" : "says_when"; });

TEST(SegmentWriter, TakesTheArrivalWhereThereAreNoTimes) {
  auto video = test::pictures(shape_of("libx264", 0, Headers::in_band));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  *video = test::described(*video, [](media::StreamInfo& info) { info.own_times = false; });
  for (auto& packet : *video)
    packet = test::changed(packet, [](AVPacket& data) { data.dts = data.pts = AV_NOPTS_VALUE; });
  Folder folder;
  ASSERT_TRUE(test::write_segment(folder.path(), test::file_name, *video).ok());
  const auto seen = test::see(folder / test::file_name);
  EXPECT_EQ(seen.numbers, test::numbers_up_to(75));
  ASSERT_EQ(seen.shown.size(), 75U);
  for (std::size_t i = 0; i < seen.shown.size(); ++i)
    EXPECT_NEAR(seen.shown[i], static_cast<double>(i) / 25, 0.041) << "picture " << i;
}

// As over RTSP, when the connection has just been made.
TEST(SegmentWriter, KnowsTheSizeThatTheSourceDidNotSay) {
  auto video = test::pictures(shape_of("libx264", 0, Headers::in_band));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  *video = test::described(*video, [](media::StreamInfo& info) { info.width = info.height = 0; });
  Folder folder;
  auto writer =
      SegmentWriter::create(folder.path(), test::file_name, test::head(), video->front()->stream, nullptr);
  ASSERT_TRUE(writer.ok()) << writer.error().text();
  EXPECT_EQ((*writer)->width(), 0);
  ASSERT_TRUE(test::fill(**writer, *video).ok());
  EXPECT_EQ((*writer)->width(), 640);
  EXPECT_EQ((*writer)->height(), 128);
}

// Each picture's own time counts, also where a fragment begins.
TEST(SegmentWriter, KeepsTheTimesOfACameraThatIsNeverInTime) {
  auto video = test::pictures(shape_of("libx264", 0, Headers::aside));
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  *video = test::described(*video, [](media::StreamInfo& info) {
    info.time_base_num = 1;
    info.time_base_den = 90'000;
  });
  const auto when = [](std::int64_t n) { return n * 3600 + (n * 7919 % 41 - 20) * 80; };  // ± 18 ms
  for (auto& packet : *video)
    packet = test::changed(packet, [&](AVPacket& data) { data.pts = data.dts = 1'000'000 + when(data.pts); });
  Folder folder;
  ASSERT_TRUE(test::write_segment(folder.path(), test::file_name, *video).ok());
  const auto seen = test::see(folder / test::file_name);
  ASSERT_EQ(seen.shown.size(), 75U);
  for (std::int64_t i = 0; i < 75; ++i)
    EXPECT_NEAR(seen.shown[static_cast<std::size_t>(i)], static_cast<double>(when(i) - when(0)) / 90'000,
                1e-5)
        << "picture " << i;
  EXPECT_THAT(scan_segment(folder / test::file_name, Depth::contents)->faults, IsEmpty());
}

// A recorder ends the segment then; what it appended until it did has to stay readable.
TEST(SegmentWriter, StaysReadableWhateverACameraSaysOfItsTimes) {
  const auto clip = test::pictures(shape_of("libx264", 0, Headers::aside));
  if (!clip) GTEST_SKIP() << "no encoder libx264 here";
  const std::vector<std::function<std::int64_t(std::int64_t)>> clocks{
      [](std::int64_t t) { return t < 30 ? t : t - 30; },  // begins anew
      [](std::int64_t) { return 7; },                      // stands still
      [](std::int64_t t) { return -t; },                   // runs backwards
      [](std::int64_t t) { return t % 2 == 0 ? INT64_MAX - t : INT64_MIN + 1 + t; },
      [](std::int64_t t) { return t == 40 ? std::int64_t{1} << 40 : t; },
  };
  for (std::size_t n = 0; n < clocks.size(); ++n) {
    SCOPED_TRACE(testing::Message() << "clock " << n);
    test::Packets video = *clip;
    for (auto& packet : video)
      packet = test::changed(packet, [&](AVPacket& data) { data.pts = data.dts = clocks[n](data.pts); });
    Folder folder;
    const auto tail = test::write_segment(folder.path(), test::file_name, video);
    ASSERT_TRUE(tail.ok()) << tail.error().text();
    EXPECT_EQ(test::see(folder / test::file_name).numbers, test::numbers_up_to(75));
    const auto scanned = scan_segment(folder / test::file_name, Depth::contents);
    ASSERT_TRUE(scanned.ok());
    EXPECT_THAT(scanned->faults, IsEmpty());
    EXPECT_EQ(scanned->frames, 75U);
  }
}

}  // namespace
}  // namespace porchlight::record
