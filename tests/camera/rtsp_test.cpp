// SPDX-License-Identifier: Apache-2.0
// A camera against a real RTSP server: what goes right, and every way of going wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "rtsp_server.hpp"
#include "rtsp_server/picture_stamp.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::CameraRig;
using test::eventually;
using test::impatient;
using test::rtsp_camera;
using test::RtspServer;

#define SERVER_OR_SKIP(name, ...)                                                         \
  std::string name##_why;                                                                 \
  const auto name = RtspServer::start(std::vector<std::string>{__VA_ARGS__}, name##_why); \
  if (!name) GTEST_SKIP() << name##_why

// Every picture drawn is a picture decoded: between two pictures seen, the server drew as many as the
// decoder counted. Holds also when the watcher missed some.
void expect_nothing_lost(const std::vector<CameraRig::Seen>& frames) {
  for (std::size_t i = 1; i < frames.size(); ++i) {
    ASSERT_GT(frames[i].number, frames[i - 1].number);
    ASSERT_EQ(frames[i].burned - frames[i - 1].burned, frames[i].number - frames[i - 1].number) << "at " << i;
  }
}

bool connected(const CameraRig& rig) {
  return rig.state() == ConnectionState::connected;
}

TEST(Rtsp, DecodesTheNumbersThatWereDrawn) {
  SERVER_OR_SKIP(server, );
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 30; }));
  const auto frames = rig.frames();
  expect_nothing_lost(frames);
  EXPECT_GE(frames.back().burned, 29U);
  const auto now_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(SystemClock().wall().time_since_epoch()).count());
  constexpr std::uint64_t stamped = (std::uint64_t{1} << picture_stamp::clock_bits) - 1;
  EXPECT_LT((now_ms - frames.back().clock_ms) & stamped, 10'000U);

  EXPECT_TRUE(connected(rig));
  EXPECT_TRUE(eventually([&] { return rig.gauge("camera_connection_status") == 1; }));
  EXPECT_EQ(rig.state_gauge("connected"), 1);
  EXPECT_EQ(rig.state_gauge("connecting"), 0);
  EXPECT_GE(rig.counter("camera_frames_received_total"), 30);
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  EXPECT_TRUE(eventually([&] { return rig.gauge("camera_fps") > 5; }));
  EXPECT_GT(rig.gauge("camera_bitrate"), 10'000);
  EXPECT_EQ(rig.gauge("camera_fps_expected"), 15) << "as the coded stream says";
  EXPECT_NEAR(rig.gauge("camera_last_frame_timestamp"), static_cast<double>(now_ms) / 1000, 10);
  EXPECT_THAT(rig.events(), testing::IsEmpty());
}

TEST(Rtsp, LoopsAClipOfTheServer) {
  const auto path = std::filesystem::path(testing::TempDir()) / "rtsp_clip.mp4";
  if (!media::test::write_clip(path, {.frames = 20, .fps = 20, .keyframe_interval = 10}))
    GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  SERVER_OR_SKIP(server, "--clip", path.string());
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return rig.counter("camera_frames_received_total") >= 45; }));
  for (const auto& frame : rig.frames()) EXPECT_LT(frame.burned, 20U);
  const auto frames = rig.frames();
  EXPECT_TRUE(
      std::any_of(frames.begin() + 1, frames.end(), [](const auto& frame) { return frame.burned < 5; }));
  std::filesystem::remove(path);
}

TEST(Rtsp, TravelsByUdpWhenAsked) {
  SERVER_OR_SKIP(server, );
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = impatient(rtsp_camera("front", server->url()));
  options.transport = Transport::udp;
  CameraRig rig(options, metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_TRUE(connected(rig));
  // What is lost on the way is not shown; what is shown is what was drawn, in order.
  const auto frames = rig.frames();
  for (std::size_t i = 1; i < frames.size(); ++i) ASSERT_GT(frames[i].burned, frames[i - 1].burned) << i;
  server->order("freeze");
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::stalled; }));
  server->order("mend");
  EXPECT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
}

TEST(Rtsp, TravelsByUdpOnlyWhenAsked) {
  SERVER_OR_SKIP(server, "--lower", "udp");
  telemetry::Metrics metrics(test::sets_of({"front", "back"}));
  auto options = rtsp_camera("front", server->url());
  CameraRig refused(options, metrics);
  options = rtsp_camera("back", server->url());
  options.transport = Transport::udp;
  CameraRig welcome(options, metrics);
  EXPECT_TRUE(eventually([&] { return connected(welcome); }));
  EXPECT_TRUE(eventually([&] { return !refused.events_of<event::CameraLost>().empty(); }));
  EXPECT_TRUE(refused.frames().empty());
}

TEST(Rtsp, DecodesH265) {
  const auto path = std::filesystem::path(testing::TempDir()) / "rtsp_clip_h265.mp4";
  if (!media::test::write_clip(path,
                               {.frames = 20, .fps = 20, .keyframe_interval = 10, .encoder = "libx265"}))
    GTEST_SKIP() << "libavcodec has no H.265 encoder (libx265) here";
  SERVER_OR_SKIP(server, "--clip", path.string());
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return rig.counter("camera_frames_received_total") >= 45; }));
  EXPECT_TRUE(connected(rig));
  const auto frames = rig.frames();
  ASSERT_GT(frames.size(), 20U);
  for (std::size_t i = 1; i < frames.size(); ++i)
    ASSERT_EQ((frames[i].burned + 20 - frames[i - 1].burned) % 20,
              (frames[i].number - frames[i - 1].number) % 20)
        << i;
  std::filesystem::remove(path);
}

TEST(Rtsp, RefusedPasswordIsAuthFailedAndNeverPrinted) {
  SERVER_OR_SKIP(server, "--user", "porch", "--password", "r1ght word");
  telemetry::Metrics metrics(test::sets_of({"front", "back"}));
  testing::internal::CaptureStderr();
  {
    auto options = rtsp_camera("front", server->url());
    options.user = "porch";
    options.password = "wr0ng";
    CameraRig refused(options, metrics);
    EXPECT_TRUE(eventually([&] { return refused.reconnects("auth") >= 2; }));
    EXPECT_EQ(refused.state(), ConnectionState::auth_failed);
    EXPECT_EQ(refused.state_gauge("auth_failed"), 1);
    EXPECT_EQ(refused.gauge("camera_connection_status"), 0);
    ASSERT_EQ(refused.events_of<event::CameraLost>().size(), 1U);
    EXPECT_EQ(refused.events_of<event::CameraLost>()[0].fault, event::CameraFault::auth);

    options = rtsp_camera("back", server->url());
    options.user = "porch";
    options.password = "r1ght word";
    CameraRig welcome(options, metrics);
    EXPECT_TRUE(eventually([&] { return connected(welcome); }));
  }
  telemetry::flush_logs();
  const auto printed = testing::internal::GetCapturedStderr();
  EXPECT_THAT(printed, testing::HasSubstr("camera lost"));
  EXPECT_THAT(printed, testing::Not(testing::HasSubstr("wr0ng")));
  EXPECT_THAT(printed, testing::Not(testing::HasSubstr("r1ght")));
}

TEST(Rtsp, KilledServerIsLostOnceAndComesBackOnce) {
  std::string why;
  auto server = RtspServer::start({}, why);
  if (!server) GTEST_SKIP() << why;
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return connected(rig); }));
  const auto port = server->port();
  server->kill();
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::unreachable; }));
  ASSERT_TRUE(eventually([&] { return rig.reconnects("network") >= 3; }));
  EXPECT_EQ(rig.gauge("camera_connection_status"), 0);
  EXPECT_EQ(rig.gauge("camera_fps"), 0);
  EXPECT_EQ(rig.gauge("camera_bitrate"), 0);
  EXPECT_EQ(rig.events_of<event::CameraLost>().size(), 1U);
  const auto before = rig.frames().back().number;

  server = RtspServer::start({"--port", port}, why);
  ASSERT_TRUE(server) << why;
  ASSERT_TRUE(eventually([&] { return connected(rig) && rig.frames().back().number > before + 5; }));
  EXPECT_EQ(rig.events_of<event::CameraLost>().size(), 1U);
  ASSERT_EQ(rig.events_of<event::CameraBack>().size(), 1U);
  EXPECT_GT(rig.events_of<event::CameraBack>()[0].lost_seconds, 0);
  EXPECT_EQ(rig.gauge("camera_connection_status"), 1);
}

TEST(Rtsp, ClosedConnectionsAreReopened) {
  SERVER_OR_SKIP(server, );
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return connected(rig); }));
  server->order("drop");
  ASSERT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
  EXPECT_EQ(rig.events_of<event::CameraLost>().size(), 1U);
  EXPECT_GE(rig.reconnects("eof") + rig.reconnects("network"), 1);
}

// The server's packets stay well-formed and punctual; only what is in them makes no picture.
TEST(Rtsp, UndecodablePicturesAreAStallAndTouchNoOtherCamera) {
  SERVER_OR_SKIP(broken, );
  SERVER_OR_SKIP(sound, );
  telemetry::Metrics metrics(test::sets_of({"front", "back"}));
  CameraRig front(impatient(rtsp_camera("front", broken->url())), metrics);
  CameraRig back(rtsp_camera("back", sound->url()), metrics);
  ASSERT_TRUE(eventually([&] { return connected(front) && connected(back); }));

  broken->order("break");
  ASSERT_TRUE(eventually([&] { return front.state() == ConnectionState::stalled; }));
  EXPECT_EQ(front.gauge("camera_connection_status"), 0);
  EXPECT_EQ(front.state_gauge("stalled"), 1);
  EXPECT_EQ(front.gauge("camera_fps"), 0);
  const auto pictures = front.frames().size();
  const auto packets = front.counter("camera_frames_received_total");
  ASSERT_TRUE(eventually([&] { return front.reconnects("timeout") >= 2; })) << "it does not try again";
  EXPECT_GT(front.counter("camera_frames_received_total"), packets + 15) << "packets did arrive meanwhile";
  EXPECT_EQ(front.frames().size(), pictures) << "a damaged picture was shown";
  EXPECT_EQ(front.gauge("camera_connection_status"), 0);
  ASSERT_EQ(front.events_of<event::CameraLost>().size(), 1U);
  EXPECT_EQ(front.events_of<event::CameraLost>()[0].fault, event::CameraFault::stalled);

  broken->order("mend");
  // The event follows the state by a moment.
  ASSERT_TRUE(eventually([&] { return front.events_of<event::CameraBack>().size() == 1; }));
  EXPECT_TRUE(connected(front));

  EXPECT_TRUE(connected(back));
  EXPECT_THAT(back.events(), testing::IsEmpty());
  EXPECT_GT(back.frames().size(), 30U);
  expect_nothing_lost(back.frames());
  EXPECT_EQ(back.counter("camera_frames_dropped_total"), 0);
}

TEST(Rtsp, SilenceIsATimeout) {
  SERVER_OR_SKIP(server, );
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(impatient(rtsp_camera("front", server->url())), metrics);
  ASSERT_TRUE(eventually([&] { return connected(rig); }));
  server->order("freeze");
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::stalled; }));
  ASSERT_TRUE(eventually([&] { return rig.events_of<event::CameraLost>().size() == 1; }));
  EXPECT_TRUE(eventually([&] { return rig.reconnects("timeout") >= 1; }));
  EXPECT_EQ(rig.events_of<event::CameraLost>()[0].fault, event::CameraFault::timeout);
  EXPECT_EQ(rig.gauge("camera_fps"), 0);
  server->order("mend");
  EXPECT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
}

TEST(Rtsp, StopInterruptsASilentServer) {
  SERVER_OR_SKIP(server, );
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = rtsp_camera("front", server->url());
  options.stall = 60s;
  CameraRig rig(options, metrics);
  ASSERT_TRUE(eventually([&] { return connected(rig); }));
  server->order("freeze");
  const auto asked = std::chrono::steady_clock::now();
  rig.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s) << "a minute is what silence is given";
}

}  // namespace
}  // namespace porchlight::camera
