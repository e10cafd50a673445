// SPDX-License-Identifier: Apache-2.0
// A camera by RTSP inside of TLS: a real RTSP server behind a real TLS front.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "porchlight/camera/trial.hpp"
#include "rtsp_server.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::CameraRig;
using test::eventually;
using test::RtspServer;
using testing::HasSubstr;

class EncryptedCamera : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/encrypted_camera.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override {
    if (front_ != nullptr) ::pclose(front_);
    if (odd_ != nullptr) ::pclose(odd_);
    std::filesystem::remove_all(folder_);
  }

  // False, with why_, when one of the two cannot run here.
  bool serve(const std::vector<std::string>& arguments = {}) {
    server_ = RtspServer::start(arguments, why_);
    return server_ && front(server_->port());
  }
  // TLS in front of a server that listens already.
  bool front(const std::string& port) {
    why_ = "the TLS front did not start";
    front_ = program("tls_front.py", port + " '" + folder_.string() + "'");
    port_ = std::atoi(first_word("tls_front.py").c_str());
    return port_ > 0;
  }
  bool serve_oddly(const std::string& clip, const std::string& more = {}) {
    odd_ = program("odd_camera.py", "'" + clip + "' " + more);
    return front(first_word("odd_camera.py"));
  }
  // Its standard input is ours for writing, and it ends with that; its answer goes into a file.
  std::FILE* program(const std::string& name, const std::string& arguments) const {
    const std::string command = std::string("exec /usr/bin/python3 -B ") + PORCHLIGHT_SOURCE_DIR +
                                "/tests/camera/" + name + " " + arguments + " >'" +
                                (folder_ / name).string() + "'";
    return ::popen(command.c_str(), "w");
  }
  std::string said(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string first_word(const std::string& name) const {
    eventually([&] { return said(name).find('\n') != std::string::npos; });
    return said(name).substr(0, said(name).find('\n'));
  }

  CameraOptions camera(const std::string& id = "front") const {
    auto options = test::rtsp_camera(id, "rtsps://127.0.0.1:" + std::to_string(port_) + "/cam");
    options.kind = SourceKind::rtsps;
    options.ca_file = (folder_ / "front.pem").string();
    return options;
  }
  Result<Sight> look(const CameraOptions& options) const {
    SystemClock clock;
    return try_camera(options, clock, 10s);
  }

  std::filesystem::path folder_;
  std::unique_ptr<RtspServer> server_;
  std::FILE* front_ = nullptr;
  std::FILE* odd_ = nullptr;
  int port_ = 0;
  std::string why_;
};
#define SERVED_OR_SKIP(...) \
  if (!serve(__VA_ARGS__)) GTEST_SKIP() << why_

TEST_F(EncryptedCamera, DecodesTheNumbersThatWereDrawn) {
  SERVED_OR_SKIP();
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(camera(), metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_EQ(rig.state(), ConnectionState::connected);
  const auto frames = rig.frames();
  for (std::size_t i = 1; i < frames.size(); ++i)
    ASSERT_EQ(frames[i].burned - frames[i - 1].burned, frames[i].number - frames[i - 1].number) << "at " << i;
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  EXPECT_TRUE(rig.events().empty());
}

TEST_F(EncryptedCamera, SendsLargePicturesInManyPackets) {
  const auto path = folder_ / "large.mp4";
  if (!media::test::write_clip(path, {.frames = 20,
                                      .fps = 20,
                                      .keyframe_interval = 5,
                                      .width = 1920,
                                      .height = 1088,
                                      .encoder = "libx265"}))
    GTEST_SKIP() << "libavcodec has no H.265 encoder (libx265) here";
  SERVED_OR_SKIP({"--clip", path.string()});
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(camera(), metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 20; }));
  for (const auto& frame : rig.frames()) ASSERT_LT(frame.burned, 20U);
}

// Channels that it chose itself, requests of its own between the pictures, and a nonce that grows old.
TEST_F(EncryptedCamera, MayDoWhatTheStandardAllows) {
  const auto clip = folder_ / "clip.h264";
  if (!media::test::write_clip(clip, {.frames = 40, .fps = 20, .keyframe_interval = 10}))
    GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  ASSERT_TRUE(serve_oddly(clip.string())) << why_;
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = camera();
  options.user = "porch";
  options.password = "word";
  CameraRig rig(options, metrics);
  // Longer than a session lives whose keep-alive was refused.
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 150; }, 60s));
  EXPECT_TRUE(rig.events_of<event::CameraLost>().empty());
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  EXPECT_THAT(said("odd_camera.py"), HasSubstr("renewed\n"));
  EXPECT_THAT(said("odd_camera.py"), HasSubstr("answered\n"));
}

TEST_F(EncryptedCamera, IsHeard) {
  for (const auto& [codec, name] :
       {std::pair{"aac", "aac"}, std::pair{"pcma", "pcm_alaw"}, std::pair{"opus", "opus"}}) {
    SERVED_OR_SKIP({"--sound", codec});
    telemetry::Metrics metrics(test::sets_of({"front"}));
    CameraRig rig(camera(), metrics);
    ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 45 && rig.sound().size() >= 40; })) << codec;
    rig.stop();
    EXPECT_EQ(rig.sound().front()->stream->codec, name);
    EXPECT_EQ(rig.sound().front()->stream->kind, media::MediaKind::audio);
    const auto frames = rig.frames();
    for (std::size_t i = 1; i < frames.size(); ++i)
      ASSERT_EQ(frames[i].burned - frames[i - 1].burned, frames[i].number - frames[i - 1].number) << i;
    EXPECT_TRUE(rig.events().empty()) << codec;
    ::pclose(std::exchange(front_, nullptr));
    std::filesystem::remove(folder_ / "tls_front.py");  // what it said
  }
}

TEST_F(EncryptedCamera, IsSeenThoughItsSoundCannotBeSetUp) {
  const auto clip = folder_ / "clip.h264";
  if (!media::test::write_clip(clip, {.frames = 40, .fps = 20, .keyframe_interval = 10}))
    GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  ASSERT_TRUE(serve_oddly(clip.string(), "mute")) << why_;
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = camera();
  options.user = "porch";
  options.password = "word";
  CameraRig rig(options, metrics);
  EXPECT_TRUE(eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_THAT(said("odd_camera.py"), HasSubstr("refused\n"));
  EXPECT_TRUE(rig.sound().empty());
  EXPECT_TRUE(rig.events_of<event::CameraLost>().empty());
}

// And the same server without TLS in front of it, by libavformat's own session.
TEST_F(EncryptedCamera, IsSeenUnencryptedThoughItsSoundCannotBeSetUp) {
  const auto clip = folder_ / "clip.h264";
  if (!media::test::write_clip(clip, {.frames = 40, .fps = 20, .keyframe_interval = 10}))
    GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  ASSERT_TRUE(serve_oddly(clip.string(), "mute plain")) << why_;
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = test::rtsp_camera("front", "rtsp://127.0.0.1:" + first_word("odd_camera.py") + "/cam");
  options.user = "porch";
  options.password = "word";
  CameraRig rig(options, metrics);
  EXPECT_TRUE(eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_THAT(said("odd_camera.py"), HasSubstr("refused\n"));
  EXPECT_TRUE(rig.sound().empty());
}

TEST_F(EncryptedCamera, IsBelievedByItsCertificateOnly) {
  SERVED_OR_SKIP();
  auto options = camera();
  EXPECT_TRUE(look(options).ok());
  options.ca_file.clear();
  const auto stranger = look(options);
  ASSERT_FALSE(stranger.ok()) << "the system's authorities do not know it";
  EXPECT_EQ(stranger.error().code(), ErrorCode::auth);
  EXPECT_THAT(stranger.error().text(), HasSubstr("certificate"));
  options.tls_verify = false;
  EXPECT_TRUE(look(options).ok());
  // The right authority, and another name than the certificate's.
  options = camera();
  options.url = "rtsps://localhost:" + std::to_string(port_) + "/cam";
  const auto other = look(options);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), ErrorCode::auth);
}

TEST_F(EncryptedCamera, WantsTheRightPassword) {
  SERVED_OR_SKIP({"--user", "porch", "--password", "r1ght word"});
  auto options = camera();
  EXPECT_EQ(look(options).error().code(), ErrorCode::auth);
  options.user = "porch";
  options.password = "wr0ng";
  const auto refused = look(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::auth);
  EXPECT_THAT(refused.error().text(), HasSubstr("DESCRIBE is answered 401"));
  EXPECT_THAT(refused.error().text(), testing::Not(HasSubstr("wr0ng")));
  options.password = "r1ght word";
  EXPECT_TRUE(look(options).ok());
  options.url = "rtsps://127.0.0.1:" + std::to_string(port_) + "/nothing";
  EXPECT_EQ(look(options).error().code(), ErrorCode::not_found);
}

TEST_F(EncryptedCamera, IsLostAndComesBack) {
  SERVED_OR_SKIP();
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(test::impatient(camera()), metrics);
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::connected; }));
  server_->order("drop");
  ASSERT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
  server_->order("freeze");
  ASSERT_TRUE(eventually([&] { return rig.events_of<event::CameraLost>().size() == 2; }));
  EXPECT_EQ(rig.state(), ConnectionState::stalled);
  EXPECT_EQ(rig.events_of<event::CameraLost>().back().fault, event::CameraFault::timeout);
  server_->order("mend");
  EXPECT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 2; }));
}

TEST_F(EncryptedCamera, StopInterruptsASilentServer) {
  SERVED_OR_SKIP();
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = camera();
  options.stall = 60s;
  CameraRig rig(options, metrics);
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::connected; }));
  server_->order("freeze");
  const auto asked = std::chrono::steady_clock::now();
  rig.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s) << "a minute is what silence is given";
}

TEST_F(EncryptedCamera, APlainServerIsNone) {
  SERVED_OR_SKIP();
  auto options = camera();
  options.url = "rtsps://127.0.0.1:" + server_->port() + "/cam";
  const auto plain = look(options);
  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().code(), ErrorCode::network);
}

}  // namespace
}  // namespace porchlight::camera
