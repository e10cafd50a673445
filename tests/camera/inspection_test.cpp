// SPDX-License-Identifier: Apache-2.0
// What a look at real streams finds.
#include "porchlight/camera/inspection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "rtsp_server.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using media::test::ClipShape;
using testing::HasSubstr;

Result<Inspection> look(const CameraOptions& options, InspectionTime time = {3s, 12s}) {
  SystemClock clock;
  return inspect_camera(options, clock, time);
}

// A clip in simulated time: every figure is exact.
Result<Inspection> look_at_clip(const ClipShape& shape, const std::string& name) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  if (!media::test::write_clip(path, shape)) return Error(ErrorCode::unsupported, "no encoder here");
  CameraOptions options;
  options.id = "clip";
  options.kind = SourceKind::file;
  options.url = "file:" + path.string();
  SimulatedClock clock;
  auto found = inspect_camera(options, clock);
  std::filesystem::remove(path);
  return found;
}
#define FOUND_OR_SKIP(found) \
  if (!found) GTEST_SKIP() << found.error().text()

TEST(Inspection, MeasuresARealServer) {
  std::string why;
  const auto server = test::RtspServer::start({"--fps", "15", "--gop", "30"}, why);
  if (!server) GTEST_SKIP() << why;
  const auto found = look(test::rtsp_camera("front", server->url()));
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->codec, "h264");
  EXPECT_EQ(found->width, 640);
  EXPECT_EQ(found->height, 360);
  EXPECT_NEAR(found->fps, 15, 3);
  EXPECT_EQ(found->fps_announced, 15);
  EXPECT_EQ(found->gop_pictures, 30U);
  EXPECT_FALSE(found->b_frames);
  EXPECT_EQ(found->damaged, 0U);
  EXPECT_GT(found->bitrate_bps, 10'000);
  EXPECT_GT(found->pictures, 30U);
  EXPECT_GE(found->watched, 3s);
  ASSERT_TRUE(found->drift_ms_per_second.has_value());
  EXPECT_LT(*found->drift_ms_per_second, 200);
}

TEST(Inspection, CountsAClipExactly) {
  const auto found = look_at_clip({.frames = 60, .fps = 20, .keyframe_interval = 15}, "inspect.mp4");
  FOUND_OR_SKIP(found);
  EXPECT_NEAR(found->fps, 20, 0.2);
  EXPECT_NEAR(found->fps_announced, 20, 0.01);
  EXPECT_EQ(found->gop_pictures, 15U);
  EXPECT_NEAR(std::chrono::duration<double>(*found->gop).count(), 0.75, 0.01);
  EXPECT_NEAR(*found->drift_ms_per_second, 0, 0.1);
  EXPECT_FALSE(found->b_frames);
  EXPECT_NEAR(std::chrono::duration<double>(found->watched).count(), 5, 0.2);
}

TEST(Inspection, SeesPicturesThatAreSentInAnotherOrder) {
  const auto h264 =
      look_at_clip({.frames = 60, .fps = 20, .keyframe_interval = 15, .b_frames = 2}, "inspect_b.mp4");
  FOUND_OR_SKIP(h264);
  EXPECT_TRUE(h264->b_frames);
  const auto h265 =
      look_at_clip({.frames = 60, .fps = 20, .keyframe_interval = 15, .b_frames = 2, .encoder = "libx265"},
                   "inspect_b265.mp4");
  FOUND_OR_SKIP(h265);
  EXPECT_TRUE(h265->b_frames);
  EXPECT_EQ(h265->codec, "hevc");
}

TEST(Inspection, SeesNoReorderingInPlainH265) {
  const auto found = look_at_clip({.frames = 60, .fps = 20, .keyframe_interval = 15, .encoder = "libx265"},
                                  "inspect_265.mp4");
  FOUND_OR_SKIP(found);
  EXPECT_FALSE(found->b_frames);
  EXPECT_EQ(found->damaged, 0U);
}

TEST(Inspection, WaitsForASecondKeyframeAndNotForEver) {
  const auto found = look_at_clip({.frames = 400, .fps = 20, .keyframe_interval = 160}, "inspect_long.mp4");
  FOUND_OR_SKIP(found);
  EXPECT_EQ(found->gop_pictures, 160U) << "8 s, longer than the least time";
  const auto endless =
      look_at_clip({.frames = 400, .fps = 20, .keyframe_interval = 400}, "inspect_endless.mp4");
  ASSERT_TRUE(endless.ok());
  EXPECT_FALSE(endless->gop.has_value());
  EXPECT_NEAR(std::chrono::duration<double>(endless->watched).count(), 15, 0.3);
}

TEST(Inspection, JudgesNoClockByAProgramThatHasNone) {
  const auto path = std::filesystem::path(testing::TempDir()) / "inspect.h264";
  if (!media::test::write_clip(path, {.frames = 20, .fps = 20, .keyframe_interval = 5}))
    GTEST_SKIP() << "no encoder here";
  CameraOptions options;
  options.id = "porch";
  options.kind = SourceKind::exec;
  options.url = "exec:sh";
  options.command = {"sh", "-c", "while cat '" + path.string() + "'; do sleep 0.3; done"};
  const auto found = look(options);
  std::filesystem::remove(path);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_FALSE(found->drift_ms_per_second.has_value());
  EXPECT_EQ(found->gop_pictures, 5U);
}

TEST(Inspection, FailsAsATrialDoes) {
  EXPECT_EQ(look(test::rtsp_camera("front", "rtsp://camera.invalid/cam")).error().code(),
            ErrorCode::invalid_argument);
  std::string why;
  const auto server = test::RtspServer::start({}, why);
  if (!server) GTEST_SKIP() << why;
  server->order("break");
  const auto found = look(test::rtsp_camera("front", server->url()), {1s, 10s});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::decode);
  server->kill();
  EXPECT_EQ(look(test::rtsp_camera("front", server->url()), {1s, 3s}).error().code(), ErrorCode::network);
}

}  // namespace
}  // namespace porchlight::camera
