// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "camera/url.hpp"

namespace porchlight::camera {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Read {
  std::vector<CameraOptions> cameras;
  std::string faults;
};

Read read(const std::string& list) {
  config::Faults faults;
  auto document = config::Document::parse("cameras:\n" + list, "test.yaml", faults);
  auto root = document.root();
  Read result{read_cameras(root), {}};
  root.finish();
  for (const auto& fault : faults.all()) result.faults += fault.text() + "\n";
  return result;
}

TEST(CameraOptions, HaveDefaults) {
  const auto [cameras, faults] = read("  - {id: front, url: 'rtsp://cam/main'}\n");
  EXPECT_EQ(faults, "");
  ASSERT_EQ(cameras.size(), 1U);
  EXPECT_EQ(cameras[0].name, "front");
  EXPECT_EQ(cameras[0].kind, SourceKind::rtsp);
  EXPECT_EQ(cameras[0].stall, std::chrono::seconds(10));
  EXPECT_EQ(cameras[0].expected_fps, 0);
  EXPECT_TRUE(cameras[0].enabled);
  EXPECT_TRUE(cameras[0].loop);
}

TEST(CameraOptions, ReadEveryKey) {
  const auto [cameras, faults] = read(
      "  - {id: yard, name: The yard, url: 'file:clips/yard.mp4', expected_fps: 12.5, stall: 3s, enabled: "
      "false, loop: "
      "false}\n  - {id: front, url: 'rtsp://cam/main', user: me, password: word}\n");
  EXPECT_EQ(faults, "");
  ASSERT_EQ(cameras.size(), 2U);
  EXPECT_EQ(cameras[0].kind, SourceKind::file);
  EXPECT_EQ(cameras[0].name, "The yard");
  EXPECT_EQ(cameras[0].url, "file:clips/yard.mp4");
  EXPECT_EQ(cameras[0].expected_fps, 12.5);
  EXPECT_EQ(cameras[0].stall, std::chrono::seconds(3));
  EXPECT_FALSE(cameras[0].enabled);
  EXPECT_FALSE(cameras[0].loop);
  EXPECT_EQ(cameras[1].user, "me");
  EXPECT_EQ(cameras[1].password, "word");
}

TEST(CameraOptions, TakeTheLoginOutOfTheUrl) {
  const auto [cameras, faults] = read("  - {id: front, url: 'rtsp://me:p%40ss@word@cam:554/main?x=@'}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).url, "rtsp://cam:554/main?x=@");
  EXPECT_EQ(cameras.at(0).printable_url(), "rtsp://cam:554/main");
  EXPECT_EQ(cameras.at(0).user, "me");
  EXPECT_EQ(cameras.at(0).password, "p@ss@word");
}

TEST(CameraOptions, NameTheNearestScheme) {
  const auto faults = read("  - {id: front, url: 'rstp://me:secret@cam/main'}\n").faults;
  EXPECT_THAT(faults, HasSubstr("test.yaml:2:"));
  EXPECT_THAT(faults, HasSubstr("cameras[0].url: unknown scheme 'rstp' (did you mean 'rtsp'?)"));
  EXPECT_THAT(faults, Not(HasSubstr("secret")));
}

TEST(CameraOptions, RefuseWhatThisVersionDoesNotHave) {
  for (const char* url : {"rtsps://cam/main", "v4l2:/dev/video0", "exec:rpicam-vid"})
    EXPECT_THAT(read("  - {id: front, url: '" + std::string(url) + "'}\n").faults,
                HasSubstr("not in this version"));
  for (const char* key :
       {"detect_url: 'rtsp://cam/sub'", "record: continuous", "audio: true", "zones: []", "masks: []"})
    EXPECT_THAT(read("  - {id: front, url: 'rtsp://cam/main', " + std::string(key) + "}\n").faults,
                HasSubstr("not in this version"));
}

TEST(CameraOptions, NameEveryFaultInOneRun) {
  const auto faults = read(
                          "  - {id: front, url: cam/main, stall: 1ms}\n"
                          "  - {id: front, url: 'rtsp://', password: secret, loop: true}\n"
                          "  - {url: 'gopher://cam', frames: 3}\n")
                          .faults;
  EXPECT_THAT(faults, HasSubstr("cameras[0].url: no scheme"));
  EXPECT_THAT(faults, HasSubstr("cameras[0].stall"));
  EXPECT_THAT(faults, HasSubstr("cameras[1].id: camera 'front' exists twice"));
  EXPECT_THAT(faults, HasSubstr("cameras[1].url: expected rtsp://host/path"));
  EXPECT_THAT(faults, HasSubstr("cameras[1].password: a password needs a user"));
  EXPECT_THAT(faults, HasSubstr("cameras[1].loop"));
  EXPECT_THAT(faults, HasSubstr("cameras[2].url: unknown scheme 'gopher'"));
  EXPECT_THAT(faults, HasSubstr("id"));
  EXPECT_THAT(faults, HasSubstr("frames"));
  EXPECT_THAT(faults, Not(HasSubstr("secret")));
}

TEST(Url, PutsAnyLoginBackForTheWire) {
  const auto url = with_credentials("rtsp://cam/main", "a:b", "p@ss/w?rd %41");
  EXPECT_EQ(url, "rtsp://a%3Ab:p%40ss%2Fw%3Frd%20%2541@cam/main");
  const auto parts = split_credentials(url);
  EXPECT_EQ(parts.bare, "rtsp://cam/main");
  EXPECT_EQ(parts.user, "a:b");
  EXPECT_EQ(parts.password, "p@ss/w?rd %41");
  EXPECT_EQ(with_credentials("rtsp://cam/main", "", ""), "rtsp://cam/main");
}

TEST(Url, FindsThePathOfAFile) {
  EXPECT_EQ(file_path("file:/a/b.mp4"), "/a/b.mp4");
  EXPECT_EQ(file_path("file:///a/b.mp4"), "/a/b.mp4");
  EXPECT_EQ(file_path("file:b.mp4"), "b.mp4");
  EXPECT_EQ(scheme_of("RTSP://x"), "rtsp");
  EXPECT_EQ(scheme_of("/a:b"), "");
}

}  // namespace
}  // namespace porchlight::camera
