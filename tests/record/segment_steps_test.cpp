// SPDX-License-Identifier: Apache-2.0
// What the writer refuses, what lies in the folder at each step, and what another program makes of it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdio>

#include "segment_media.hpp"
#include "store/fixture.hpp"

extern "C" {
#include <libavcodec/codec_par.h>
}

namespace porchlight::record {
namespace {

using media::test::ClipShape;
using std::chrono::milliseconds;
using store::Folder;

std::optional<test::Packets> clip() {
  ClipShape shape;
  shape.frames = 50;
  shape.fps = 25;
  shape.keyframe_interval = 25;
  shape.height = 64;
  return test::pictures(shape);
}

ErrorCode refusal(const std::filesystem::path& folder, const std::string& file, const test::Stream& video,
                  const test::Stream& audio = nullptr) {
  const auto writer = SegmentWriter::create(folder, file, test::head(), video, audio);
  return writer ? ErrorCode::internal : writer.error().code();
}

::mode_t mode_of(const std::filesystem::path& path) {
  struct ::stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

TEST(SegmentWriter, RefusesWhatNoSegmentHolds) {
  const auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  const auto good = video->front()->stream;
  const auto raw = test::described(*video, [](auto& info) { info.codec = "rawvideo"; }).front()->stream;
  const auto latm =
      test::described(*test::sound("aac", 0.1), [](auto& info) { info.codec = "aac_latm"; }).front()->stream;
  const auto mulaw = test::sound("pcm_mulaw", 0.1)->front()->stream;
  EXPECT_TRUE(is_recordable(*good));
  EXPECT_TRUE(is_recordable(*mulaw));
  EXPECT_FALSE(is_recordable(*raw));
  EXPECT_FALSE(is_recordable(*latm));
  Folder folder;
  EXPECT_EQ(refusal(folder.path(), "a.mp4", raw), ErrorCode::unsupported);
  EXPECT_EQ(refusal(folder.path(), "a.mp4", good, latm), ErrorCode::unsupported);
  EXPECT_EQ(refusal(folder.path(), "a.mp4", nullptr), ErrorCode::unsupported);
  EXPECT_EQ(refusal(folder.path(), "a.mp4", mulaw), ErrorCode::unsupported) << "sound is no picture";
  EXPECT_EQ(refusal(folder.path(), "a.mp4", good, mulaw), ErrorCode::invalid_argument) << "G.711 is no MP4";
  EXPECT_EQ(refusal(folder.path(), "a.mov", good), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(folder.path(), "../a.mp4", good), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(folder.path(), "a/../../b.mp4", good), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(folder.path(), (folder / "a.mp4").string(), good), ErrorCode::invalid_argument);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SegmentWriter, DoesNotMakeTheVolume) {
  const auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  Folder folder;
  EXPECT_EQ(refusal(folder / "gone", test::file_name, video->front()->stream), ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder / "gone"));
}

TEST(SegmentWriter, BeginsWithAKeyframeAndStaysWithItsCodec) {
  const auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  Folder folder;
  auto writer = SegmentWriter::create(folder.path(), "a.mp4", test::head(), video->front()->stream, nullptr);
  ASSERT_TRUE(writer.ok()) << writer.error().text();
  EXPECT_EQ((*writer)->append(*(*video)[1]).error().code(), ErrorCode::invalid_argument);
  EXPECT_TRUE((*writer)->append(*video->front()).ok());
  const auto other = test::described(*video, [](auto& info) { info.codec = "hevc"; });
  EXPECT_EQ((*writer)->append(*other[1]).error().code(), ErrorCode::invalid_argument);
  EXPECT_TRUE((*writer)->append(*(*video)[1]).ok());
  // Sound that was not ordered is left out.
  EXPECT_TRUE((*writer)->append(*test::sound("pcm_mulaw", 0.1)->front()).ok());
  const auto tail = (*writer)->finish();
  ASSERT_TRUE(tail.ok()) << tail.error().text();
  EXPECT_EQ(tail->frames, 2U);
  EXPECT_EQ(test::see(folder / "a.mp4").numbers, test::numbers_up_to(2));
}

TEST(SegmentWriter, TellsWhenTheParameterSetsAreNowhere) {
  auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  const auto bare = std::shared_ptr<AVCodecParameters>(avcodec_parameters_alloc(), media::AvDeleter{});
  bare->codec_type = AVMEDIA_TYPE_VIDEO;
  bare->codec_id = AV_CODEC_ID_H264;
  *video = test::described(*video, [&](auto& info) { info.parameters = bare; });
  Folder folder;
  auto writer = SegmentWriter::create(folder.path(), "a.mp4", test::head(), video->front()->stream, nullptr);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->append(*video->front()).ok());
  EXPECT_EQ((*writer)->write().error().code(), ErrorCode::unsupported);
  EXPECT_FALSE((*writer)->sync().ok()) << "it is dead";
  (*writer)->abandon();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SegmentWriter, LeavesNothingInTheFileBeforeWriteAndItsNameBeforeFinish) {
  const auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  Folder folder;
  auto writer =
      SegmentWriter::create(folder.path(), test::file_name, test::head(), video->front()->stream, nullptr);
  ASSERT_TRUE(writer.ok()) << writer.error().text();
  const auto file = folder / test::file_name;
  const auto part = std::filesystem::path(file.string() + ".part");
  EXPECT_EQ(mode_of(part) & 0137U, 0U) << "readable by others";
  EXPECT_EQ(mode_of(folder / "front"), 0750U);
  EXPECT_EQ(mode_of(folder / "front/2026-11-26"), 0750U);
  EXPECT_EQ(refusal(folder.path(), test::file_name, video->front()->stream), ErrorCode::already_exists);
  ASSERT_TRUE((*writer)->write().ok()) << "nothing waits";
  for (std::size_t i = 0; i < 25; ++i) ASSERT_TRUE((*writer)->append(*(*video)[i]).ok());
  EXPECT_EQ((*writer)->pending(), milliseconds(1000));
  EXPECT_EQ(std::filesystem::file_size(part), 0U);
  EXPECT_EQ((*writer)->frames(), 0U);
  ASSERT_TRUE((*writer)->write().ok());
  EXPECT_EQ((*writer)->pending(), milliseconds(0));
  EXPECT_EQ((*writer)->frames(), 25U);
  EXPECT_EQ((*writer)->duration(), milliseconds(1000));
  EXPECT_EQ((*writer)->bytes(), std::filesystem::file_size(part));
  ASSERT_TRUE((*writer)->sync().ok());
  const auto open = scan_segment(part, Depth::contents);
  ASSERT_TRUE(open.ok()) << open.error().text();
  EXPECT_FALSE(open->tail.has_value());
  EXPECT_THAT(open->faults, testing::IsEmpty());
  EXPECT_EQ(open->frames, 25U);
  EXPECT_FALSE(std::filesystem::exists(file));
  ASSERT_TRUE((*writer)->finish().ok());
  EXPECT_FALSE(std::filesystem::exists(part));
  EXPECT_EQ(refusal(folder.path(), test::file_name, video->front()->stream), ErrorCode::already_exists);
  EXPECT_FALSE((*writer)->append(*video->front()).ok()) << "it is done";
}

TEST(SegmentWriter, AbandonLeavesWhatWasWrittenAndNoEmptyFile) {
  const auto video = clip();
  if (!video) GTEST_SKIP() << "no encoder libx264 here";
  Folder folder;
  {
    auto writer =
        SegmentWriter::create(folder.path(), "a.mp4", test::head(), video->front()->stream, nullptr);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->append(*video->front()).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  auto writer = SegmentWriter::create(folder.path(), "a.mp4", test::head(), video->front()->stream, nullptr);
  ASSERT_TRUE(writer.ok());
  for (const auto& packet : *video) ASSERT_TRUE((*writer)->append(*packet).ok());
  ASSERT_TRUE((*writer)->write().ok());
  (*writer)->abandon();
  const auto healed = heal_segment(folder / "a.mp4.part");
  ASSERT_TRUE(healed.ok()) << healed.error().text();
  EXPECT_EQ(healed->frames, 50U);
}

// The camera began to send other sets than it announced when the connection was made.
TEST(SegmentWriter, BelievesTheKeyframeRatherThanTheAnnouncement) {
  ClipShape shape;
  shape.frames = 25;
  shape.height = 96;
  shape.headers = media::test::Headers::in_band;
  auto video = test::pictures(shape);
  const auto stale = clip();
  if (!video || !stale) GTEST_SKIP() << "no encoder libx264 here";
  const auto announced = stale->front()->stream->parameters;
  *video = test::described(*video, [&](auto& info) { info.parameters = announced; });
  Folder folder;
  ASSERT_TRUE(test::write_segment(folder.path(), "a.mp4", *video).ok());
  const auto scanned = scan_segment(folder / "a.mp4");
  ASSERT_TRUE(scanned.ok());
  EXPECT_EQ(scanned->height, 96);
  EXPECT_EQ(test::see(folder / "a.mp4").numbers, test::numbers_up_to(25));
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char block[256];
  while (const auto size = std::fread(block, 1, sizeof block, pipe)) text.append(block, size);
  return ::pclose(pipe) == 0 ? text : "failed: " + text;
}

TEST(SegmentWriter, AnotherProgramCountsTheSamePicturesAndFindsTheSameLength) {
  if (std::system("command -v ffprobe >/dev/null") != 0) GTEST_SKIP() << "no ffprobe here";
  ClipShape shape;
  shape.frames = 100;
  shape.fps = 25;
  shape.keyframe_interval = 25;
  shape.b_frames = 2;
  const auto video = test::pictures(shape);
  const auto audio = test::sound("aac", 4);
  if (!video || !audio) GTEST_SKIP() << "no encoder libx264 here";
  Folder folder;
  ASSERT_TRUE(test::write_segment(folder.path(), "a.mp4", *video, *audio).ok());
  const auto probe = "ffprobe -v error -count_frames -select_streams v -of csv=p=0 -show_entries ";
  const auto file = (folder / "a.mp4").string();
  EXPECT_EQ(output_of(probe + ("stream=codec_name,width,height,nb_read_frames " + file)),
            "h264,640,360,100\n");
  EXPECT_NEAR(std::stod(output_of(probe + ("format=duration " + file))), 4.0, 0.2);
  EXPECT_EQ(output_of("ffmpeg -v error -ss 2.5 -i " + file + " -f null - 2>&1"), "") << "seeks and decodes";
}

}  // namespace
}  // namespace porchlight::record
