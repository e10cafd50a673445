// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

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
  EXPECT_EQ(cameras[1].transport, Transport::tcp);
}

TEST(CameraOptions, ReadZonesAndMasks) {
  const auto [cameras, faults] = read(
      "  - id: yard\n    url: 'file:clips/yard.mp4'\n    motion: false\n"
      "    zones: [{id: drive, name: The drive, points: [[0, 0.5], [1, 0.5], [1, 1]]}, {id: gate, points: "
      "[[0, 0], "
      "[0.25, 0], [0, 0.25]]}]\n"
      "    masks: [{name: Tree, points: [[0.5, 0], [1, 0], [1, 0.25], [0.5, 0.25]]}]\n");
  EXPECT_EQ(faults, "");
  ASSERT_EQ(cameras.size(), 1U);
  EXPECT_FALSE(cameras[0].motion);
  const std::vector<media::Zone> zones{{"drive", "The drive", {{0, 0.5}, {1, 0.5}, {1, 1}}},
                                       {"gate", "gate", {{0, 0}, {0.25, 0}, {0, 0.25}}}};
  EXPECT_EQ(cameras[0].zones, zones);
  EXPECT_EQ(cameras[0].masks, (std::vector<media::Polygon>{{{0.5, 0}, {1, 0}, {1, 0.25}, {0.5, 0.25}}}));
}

TEST(CameraOptions, FaultsOfAreasStandWhereTheyAre) {
  const auto faults_of = [](const std::string& areas) {
    return read("  - id: yard\n    url: 'file:clips/yard.mp4'\n    " + areas + "\n").faults;
  };
  EXPECT_EQ(faults_of("zones: [{id: a, points: [[0, 0], [1, 1], [1, 0], [0, 1]]}]"),
            "test.yaml:4:21: cameras[0].zones[0].points: side 1–2 meets side 3–4\n");
  EXPECT_EQ(
      faults_of("zones: [{id: a, points: [[0, 0], [1, -0.1], [1, 1]]}]"),
      "test.yaml:4:42: cameras[0].zones[0].points[1]: expected a number between 0 and 1, found '-0.1'\n");
  EXPECT_EQ(faults_of("masks: [{points: [[0, 0], [1, x], [1, 1]]}]"),
            "test.yaml:4:35: cameras[0].masks[0].points[1]: expected a number between 0 and 1, found 'x'\n");
  EXPECT_EQ(faults_of("masks: [{points: [[0, 0], 1, [1, 1]]}]"),
            "test.yaml:4:31: cameras[0].masks[0].points[1]: expected a list of 2 numbers\n");
  EXPECT_THAT(faults_of("masks: [{points: here}]"), HasSubstr("masks[0].points: expected a list, found"));
  EXPECT_THAT(faults_of("masks: [{name: Tree}]"), HasSubstr("masks[0].points: missing"));
  EXPECT_THAT(faults_of("zones: [{points: [[0, 0], [1, 0], [1, 1]]}]"), HasSubstr("zones[0].id: missing"));
  EXPECT_THAT(
      faults_of(
          "zones: [{id: a, points: [[0, 0], [1, 0], [1, 1]]}, {id: a, points: [[0, 0], [1, 0], [1, 1]]}]"),
      HasSubstr("zone 'a' exists twice"));
  EXPECT_THAT(faults_of("zones: [{id: a, point: [[0, 0], [1, 0], [1, 1]]}]"),
              HasSubstr("did you mean 'points'?"));
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

TEST(CameraOptions, RecordEverythingUnlessTheySayOtherwise) {
  const auto [cameras, faults] = read(
      "  - {id: a, url: 'rtsp://cam/main'}\n"
      "  - {id: b, url: 'rtsp://cam/main', record: events, audio: false}\n"
      "  - {id: c, url: 'rtsp://cam/main', record: off}\n"
      "  - {id: d, url: 'rtsp://cam/main', record: continuous, audio: true, enabled: false}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).record, RecordMode::continuous);
  EXPECT_TRUE(cameras.at(0).audio);
  EXPECT_TRUE(cameras.at(0).records());
  EXPECT_EQ(cameras.at(1).record, RecordMode::events);
  EXPECT_FALSE(cameras.at(1).audio);
  EXPECT_TRUE(cameras.at(1).records());
  EXPECT_EQ(cameras.at(2).record, RecordMode::off);
  EXPECT_FALSE(cameras.at(2).records());
  EXPECT_EQ(cameras.at(3).record, RecordMode::continuous);
  EXPECT_FALSE(cameras.at(3).records()) << "a camera that is switched off has nothing to record";
}

TEST(CameraOptions, RefuseOtherWordsForRecording) {
  EXPECT_THAT(read("  - {id: a, url: 'rtsp://cam/main', record: always}\n").faults,
              HasSubstr("cameras[0].record: unknown value 'always', one of: continuous, events, off"));
  EXPECT_THAT(read("  - {id: a, url: 'rtsp://cam/main', audio: loud}\n").faults,
              HasSubstr("cameras[0].audio: expected true or false"));
}

TEST(CameraOptions, KnowTheMainStreamBesideTheOneThatIsWatched) {
  const auto [cameras, faults] = read("  - {id: a, url: 'rtsp://cam/main', detect_url: 'rtsp://cam/sub'}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).watched().url, "rtsp://cam/sub");
  EXPECT_EQ(cameras.at(0).main().url, "rtsp://cam/main");
  EXPECT_FALSE(cameras.at(0).main().detect);
}

TEST(CameraOptions, ReadAnEncryptedCamera) {
  const auto [cameras, faults] = read(
      "  - {id: front, url: 'rtsps://me:word@cam:322/main', ca_file: /etc/ca.pem}\n"
      "  - {id: back, url: 'rtsps://cam/main', tls_verify: false}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).kind, SourceKind::rtsps);
  EXPECT_EQ(cameras[0].url, "rtsps://cam:322/main");
  EXPECT_EQ(cameras[0].password, "word");
  EXPECT_TRUE(cameras[0].tls_verify);
  EXPECT_EQ(cameras[0].ca_file, "/etc/ca.pem");
  EXPECT_FALSE(cameras.at(1).tls_verify);
  const auto refused = read(
                           "  - {id: a, url: 'rtsps://cam/main', tls_verify: false, ca_file: x}\n"
                           "  - {id: b, url: 'rtsps://cam/main', transport: udp}\n"
                           "  - {id: c, url: 'rtsp://cam/main', tls_verify: false}\n")
                           .faults;
  EXPECT_THAT(refused, HasSubstr("cameras[0].ca_file: with tls_verify: false nothing is verified"));
  EXPECT_THAT(refused, HasSubstr("cameras[1].transport"));
  EXPECT_THAT(refused, HasSubstr("cameras[2].tls_verify"));
}

TEST(CameraOptions, ReadADevice) {
  const auto [cameras, faults] =
      read("  - {id: usb, url: 'v4l2:/dev/video0', size: 1280x720, fps: 10, format: mjpeg}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).kind, SourceKind::v4l2);
  EXPECT_EQ(cameras[0].width, 1280);
  EXPECT_EQ(cameras[0].height, 720);
  EXPECT_EQ(cameras[0].fps, 10);
  EXPECT_EQ(cameras[0].format, PixelFormat::mjpeg);
  for (const char* size : {"1280", "x720", "1280x", "1280x720x3", "0x0", "-1x5", "99999x1", "1280 x 720"})
    EXPECT_THAT(read("  - {id: usb, url: 'v4l2:/dev/video0', size: '" + std::string(size) + "'}\n").faults,
                HasSubstr("cameras[0].size: expected WIDTHxHEIGHT"))
        << size;
  EXPECT_THAT(read("  - {id: usb, url: 'v4l2:video0'}\n").faults, HasSubstr("expected v4l2:/dev/video0"));
  EXPECT_THAT(read("  - {id: usb, url: 'v4l2:/dev/video0', format: h265}\n").faults, HasSubstr("format"));
}

TEST(CameraOptions, ReadAProgram) {
  const auto [cameras, faults] = read("  - {id: pi, url: \"exec:rpicam-vid -t 0 --key 'a secret' -o -\"}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(cameras.at(0).kind, SourceKind::exec);
  EXPECT_THAT(cameras[0].command,
              testing::ElementsAre("rpicam-vid", "-t", "0", "--key", "a secret", "-o", "-"));
  EXPECT_EQ(cameras[0].printable_url(), "exec:rpicam-vid") << "arguments may be secrets";
  const auto refused = read("  - {id: pi, url: 'exec:rpicam-vid --key hidden | tee x'}\n").faults;
  EXPECT_THAT(refused, HasSubstr("cameras[0].url: exec: no shell reads it"));
  EXPECT_THAT(refused, Not(HasSubstr("hidden")));
  EXPECT_THAT(read("  - {id: pi, url: 'exec:'}\n").faults, HasSubstr("names no program"));
}

// What the service may write can name no program.
TEST(CameraOptions, ReadAProgramFromRootsOwnFilesOnly) {
  std::string folder = testing::TempDir() + "/camera_options.XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directory(folder + "/config.d");
  const auto faults_of = [&](const std::string& main, const std::string& over, mode_t mode) {
    std::ofstream(folder + "/main.yaml") << main;
    std::ofstream(folder + "/config.d/a.yaml") << over;
    EXPECT_EQ(::chmod((folder + "/config.d/a.yaml").c_str(), mode), 0);
    config::Faults faults;
    auto document = config::Document::load(folder + "/main.yaml", faults).value();
    EXPECT_TRUE(document.overlay(folder + "/config.d", faults).ok());
    auto root = document.root();
    read_cameras(root);
    root.finish();
    std::string all;
    for (const auto& fault : faults.all()) all += fault.text() + "\n";
    return all;
  };
  const std::string program = "cameras: [{id: pi, url: 'exec:rpicam-vid -o -'}]\n";
  const std::string second = "cameras: [{id: pi, url: 'rtsp://cam/main', detect_url: 'exec:rpicam-vid'}]\n";
  EXPECT_EQ(faults_of(program, "", 0666), "");
  EXPECT_THAT(faults_of("", program, 0666),
              HasSubstr("cameras[0].url: stands in a file that others than root"));
  EXPECT_THAT(faults_of("", second, 0664), HasSubstr("cameras[0].detect_url: stands in a file that others"));
  EXPECT_EQ(faults_of("", "cameras: [{id: front, url: 'rtsp://cam/main'}]\n", 0666), "");
  const auto* roots = ::geteuid() == 0 ? "" : "cameras[0].url: stands in a file that others than root";
  EXPECT_THAT(faults_of("", program, 0644), HasSubstr(roots));
  std::filesystem::remove_all(folder);
}

TEST(CameraOptions, ReadASecondStreamWithTheLoginOfTheFirst) {
  const auto [cameras, faults] = read(
      "  - {id: front, url: 'rtsp://cam/main', detect_url: 'rtsp://cam/sub?t=1', user: me, password: word}\n"
      "  - {id: back, url: 'rtsp://cam/main', detect_url: 'rtsp://you:other@cam/sub', user: me, password: "
      "word}\n"
      "  - {id: yard, url: 'rtsp://cam/main'}\n");
  EXPECT_EQ(faults, "");
  ASSERT_TRUE(cameras.at(0).detect.has_value());
  EXPECT_EQ(cameras[0].detect->user, "me");
  EXPECT_EQ(cameras[0].watched().url, "rtsp://cam/sub?t=1");
  EXPECT_EQ(cameras[0].watched().password, "word");
  EXPECT_EQ(cameras[0].watched().id, "front");
  EXPECT_EQ(cameras[1].watched().user, "you");
  EXPECT_EQ(cameras[2].watched(), cameras[2]);
  EXPECT_THAT(read("  - {id: front, url: 'rtsp://cam/main', detect_url: 'rtp://cam/sub'}\n").faults,
              HasSubstr("cameras[0].detect_url: unknown scheme 'rtp' (did you mean 'rtsp'?)"));
}

TEST(CameraOptions, RefuseKeysOfAnotherKindOfSource) {
  const auto faults =
      read(
          "  - {id: front, url: 'rtsp://cam/main', size: 640x480, fps: 5, format: auto, transport: udp}\n"
          "  - {id: clip, url: 'file:a.mp4', transport: tcp, loop: true}\n")
          .faults;
  for (const char* key : {"cameras[0].size", "cameras[0].fps", "cameras[0].format", "cameras[1].transport"})
    EXPECT_THAT(faults, HasSubstr(key));
  EXPECT_THAT(faults, Not(HasSubstr("cameras[0].transport")));
  EXPECT_THAT(faults, Not(HasSubstr("cameras[1].loop")));
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
