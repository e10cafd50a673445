// SPDX-License-Identifier: Apache-2.0
#include "porchlight/onvif/snippet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "porchlight/camera/options.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::onvif {
namespace {

using testing::HasSubstr;

Profile profile(const std::string& name, const std::string& codec, int width, int height) {
  Profile one;
  one.token = one.name = name;
  one.codec = codec;
  one.width = width;
  one.height = height;
  one.uri = "rtsp://10.0.0.7/" + name;
  return one;
}

Device device(const std::string& name, std::vector<Profile> profiles) {
  Device one;
  one.name = name;
  one.profiles = std::move(profiles);
  return one;
}

// What the daemon makes of it; every fault fails the test.
std::vector<camera::CameraOptions> read(const std::string& yaml) {
  config::Faults faults;
  auto document = config::Document::parse(yaml, "snippet.yaml", faults);
  auto root = document.root();
  auto cameras = camera::read_cameras(root);
  root.finish();
  for (const auto& fault : faults.all()) ADD_FAILURE() << fault.text() << "\n" << yaml;
  return cameras;
}

std::string name_of(const Profile* one) {
  return one == nullptr ? "" : one->name;
}

TEST(OnvifSnippet, ChoosesTheLargestAndTheSmallestThatShowsFaces) {
  const std::vector<Profile> many{profile("thumb", "H264", 320, 180), profile("still", "JPEG", 4000, 3000),
                                  profile("sub", "H264", 640, 360), profile("middle", "H264", 1280, 720),
                                  profile("main", "H265", 2560, 1440)};
  EXPECT_EQ(name_of(choose(many).main), "main");
  EXPECT_EQ(name_of(choose(many).detect), "sub");
  const std::vector<Profile> small{profile("main", "H264", 1280, 720), profile("cif", "H264", 352, 288),
                                   profile("qcif", "H264", 176, 144)};
  EXPECT_EQ(name_of(choose(small).detect), "qcif");
  const std::vector<Profile> one{profile("main", "H264", 1280, 720), profile("same", "H264", 1280, 720)};
  EXPECT_EQ(name_of(choose(one).main), "main");
  EXPECT_EQ(choose(one).detect, nullptr);
  EXPECT_EQ(choose({}).main, nullptr);
  EXPECT_EQ(choose({profile("still", "JPEG", 640, 480)}).main, nullptr);
  auto silent = profile("main", "H264", 1280, 720);
  silent.uri.clear();
  EXPECT_EQ(choose({silent}).main, nullptr);
}

TEST(OnvifSnippet, IsWhatTheDaemonReads) {
  const auto yaml = cameras_yaml(
      {device("Front Door!", {profile("main", "H264", 1920, 1080), profile("sub", "H264", 640, 360)}),
       device("Front door", {profile("main", "H264", 1920, 1080)}), device("Blind", {})},
      "porch", "${ENV:PATH}");
  const auto cameras = read(yaml);
  ASSERT_EQ(cameras.size(), 2U);
  EXPECT_EQ(cameras[0].id, "front_door");
  EXPECT_EQ(cameras[0].name, "Front Door!");
  EXPECT_EQ(cameras[0].url, "rtsp://10.0.0.7/main");
  EXPECT_EQ(cameras[0].detect->url, "rtsp://10.0.0.7/sub");
  EXPECT_EQ(cameras[0].user, "porch");
  EXPECT_FALSE(cameras[0].password.empty());
  EXPECT_EQ(cameras[1].id, "front_door_2");
  EXPECT_FALSE(cameras[1].detect);
  EXPECT_EQ(cameras_yaml({device("Blind", {})}, "", ""), "");
}

TEST(OnvifSnippet, CredentialIsNamedAfterTheCamera) {
  const auto yaml = cameras_yaml({device("Gate", {profile("main", "H264", 1920, 1080)})}, "porch", "");
  EXPECT_THAT(yaml, HasSubstr("password: \"${credential:gate}\""));
}

TEST(OnvifSnippet, StrangersTextMeansItself) {
  auto hostile = device("\"\\ ${ENV:HOME} $${x} # {a: b}\" é: - |", {profile("main", "H264", 1920, 1080)});
  hostile.profiles[0].uri = "rtsp://10.0.0.7/${file:/etc/hostname}?'&#a=%41";
  const auto cameras = read(cameras_yaml({hostile}, "", ""));
  ASSERT_EQ(cameras.size(), 1U);
  EXPECT_EQ(cameras[0].name, hostile.name);
  EXPECT_EQ(cameras[0].url, hostile.profiles[0].uri);
  EXPECT_EQ(read(cameras_yaml({device("日本", {profile("m", "H264", 1, 1)})}, "", ""))[0].id, "camera");
}

TEST(OnvifSnippet, AnotherHostIsAComment) {
  auto one = device("x", {profile("main", "H264", 1920, 1080), profile("sub", "H264", 640, 360)});
  one.profiles[0].elsewhere = true;
  const auto yaml = cameras_yaml({one}, "", "");
  EXPECT_THAT(yaml, HasSubstr("\n    # url: \"rtsp://10.0.0.7/main\"\n"));
  EXPECT_THAT(yaml, HasSubstr("\n    detect_url: \"rtsp://10.0.0.7/sub\"\n"));
}

}  // namespace
}  // namespace porchlight::onvif
