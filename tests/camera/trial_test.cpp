// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "camera/url.hpp"
#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "rtsp_server.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::rtsp_camera;
using test::RtspServer;
using testing::HasSubstr;

#define SERVER_OR_SKIP(name, ...)                                                         \
  std::string name##_why;                                                                 \
  const auto name = RtspServer::start(std::vector<std::string>{__VA_ARGS__}, name##_why); \
  if (!name) GTEST_SKIP() << name##_why

Result<Sight> try_url(const std::string& url, std::chrono::milliseconds limit = 10s) {
  SystemClock clock;
  return try_camera(rtsp_camera("front", url), clock, limit);
}

ErrorCode code_of(const Result<Sight>& sight) {
  return sight ? ErrorCode::internal : sight.error().code();
}

TEST(Trial, EndsWithTheFirstPicture) {
  SERVER_OR_SKIP(server, );
  const auto sight = try_url(server->url());
  ASSERT_TRUE(sight.ok()) << sight.error().text();
  EXPECT_EQ(sight->codec, "h264");
  EXPECT_GT(sight->width, 0);
  EXPECT_GT(sight->height, 0);
  EXPECT_LT(sight->took, 10s);
}

TEST(Trial, TellsRefusalsApart) {
  SERVER_OR_SKIP(server, "--user", "viewer", "--password", "right");
  SystemClock clock;
  auto camera = rtsp_camera("front", server->url());
  EXPECT_EQ(code_of(try_camera(camera, clock, 10s)), ErrorCode::auth);
  camera.user = "viewer";
  camera.password = "wrong";
  const auto refused = try_camera(camera, clock, 10s);
  EXPECT_EQ(code_of(refused), ErrorCode::auth);
  EXPECT_THAT(refused.error().text(), testing::Not(HasSubstr("wrong")));
  camera.password = "right";
  EXPECT_TRUE(try_camera(camera, clock, 10s).ok());
  camera.url = "rtsp://127.0.0.1:" + server->port() + "/nothing";
  EXPECT_EQ(code_of(try_camera(camera, clock, 10s)), ErrorCode::not_found);
}

TEST(Trial, NobodyThereIsANetworkFault) {
  SERVER_OR_SKIP(server, );
  const auto url = server->url();
  server->kill();
  EXPECT_EQ(code_of(try_url(url)), ErrorCode::network);
}

TEST(Trial, UnknownNameIsNamed) {
  const auto sight = try_url("rtsp://camera.invalid/cam");
  EXPECT_EQ(code_of(sight), ErrorCode::invalid_argument);
  EXPECT_THAT(sight.error().text(), HasSubstr("'camera.invalid'"));
}

TEST(Trial, PacketsWithoutAPictureAreNoCamera) {
  SERVER_OR_SKIP(server, );
  server->order("break");
  const auto sight = try_url(server->url(), 10s);
  EXPECT_EQ(code_of(sight), ErrorCode::decode) << (sight ? "a picture" : sight.error().text());
}

TEST(Trial, AServerThatNeverAnswersIsGivenUp) {
  const UniqueFd deaf(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(deaf.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(deaf.get(), 1), 0);
  ::getsockname(deaf.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const auto begun = std::chrono::steady_clock::now();
  const auto sight = try_url("rtsp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/cam", 1s);
  EXPECT_EQ(code_of(sight), ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 9s);
}

TEST(Trial, FilesAreTriedToo) {
  const std::filesystem::path folder = testing::TempDir();
  CameraOptions camera;
  camera.id = "clip";
  camera.kind = SourceKind::file;
  SystemClock clock;
  camera.url = "file:" + (folder / "trial_absent.mp4").string();
  EXPECT_EQ(code_of(try_camera(camera, clock, 10s)), ErrorCode::not_found);
  std::ofstream(folder / "trial_text.mp4") << "no pictures here";
  camera.url = "file:" + (folder / "trial_text.mp4").string();
  EXPECT_EQ(code_of(try_camera(camera, clock, 10s)), ErrorCode::corrupt);
  if (!media::test::write_clip(folder / "trial.mp4", {.frames = 20, .fps = 20, .keyframe_interval = 10}))
    GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  camera.url = "file:" + (folder / "trial.mp4").string();
  const auto sight = try_camera(camera, clock, 10s);
  EXPECT_TRUE(sight.ok()) << sight.error().text();
}

TEST(HostOf, IsWhatHasToBeResolved) {
  EXPECT_EQ(host_of("rtsp://cam/sub"), "cam");
  EXPECT_EQ(host_of("rtsp://192.168.1.20:554/sub"), "192.168.1.20");
  EXPECT_EQ(host_of("rtsp://[fe80::1]:554/sub"), "fe80::1");
  EXPECT_EQ(host_of("rtsp://cam"), "cam");
  EXPECT_EQ(host_of("file:/x"), "");
}

}  // namespace
}  // namespace porchlight::camera
