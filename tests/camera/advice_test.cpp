// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "porchlight/camera/inspection.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Inspection good() {
  Inspection found;
  found.codec = "h264";
  found.width = 640;
  found.height = 360;
  found.first_picture = 300ms;
  found.watched = 5s;
  found.pictures = 75;
  found.fps = 15.1;
  found.fps_announced = 15;
  found.bitrate_bps = 800'000;
  found.gop_pictures = 15;
  found.gop = 1s;
  found.drift_ms_per_second = 0.3;
  found.jitter_ms = 12;
  return found;
}

std::vector<std::string> advice(const Inspection& found, CameraOptions options = {}) {
  return advice_for(found, options);
}

TEST(Advice, IsNoneWhereAllIsWell) {
  EXPECT_THAT(advice(good()), IsEmpty());
}

TEST(Advice, NamesEachFaultByItself) {
  auto found = good();
  found.b_frames = true;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("B-frames")));
  found = good();
  found.gop = 5s;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("keyframe comes every 5.0 s")));
  found.gop.reset();
  found.watched = 9s;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("no second keyframe came within 9 s")));
  found = good();
  found.codec = "hevc";
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("H.265 is not played by browsers over WebRTC")));
  found = good();
  found.codec = "mjpeg";
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("0.8 Mbit/s")));
  found = good();
  found.width = 3840;
  found.height = 2160;
  EXPECT_THAT(advice(found),
              ElementsAre(HasSubstr("3840x2160 is decoded picture by picture: name a smaller stream of the "
                                    "camera in `detect_url`")));
  found = good();
  found.height = 240;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("640x240 is small")));
  found = good();
  found.fps = 6.4;
  EXPECT_THAT(advice(found),
              ElementsAre(HasSubstr("announces 15.0 frames/s and sends 6.4: set `expected_fps: 6`")));
  found = good();
  found.drift_ms_per_second = -20;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("run slow by 20.0 ms every second")));
  found = good();
  found.jitter_ms = 400;
  EXPECT_THAT(advice(found), ElementsAre(HasSubstr("up to 400 ms late")));
  found = good();
  found.damaged = 3;
  EXPECT_THAT(advice(found), ElementsAre("3 pictures were damaged on their way"));
}

TEST(Advice, LooksAtWhatIsConfigured) {
  auto found = good();
  CameraOptions options;
  options.expected_fps = 25;
  EXPECT_THAT(advice(found, options),
              ElementsAre(HasSubstr("`expected_fps` is 25.0, and 15.1 frames/s come")));
  options = {};
  options.stall = 2s;
  found.gop = 3s;
  EXPECT_THAT(advice(found, options), ElementsAre(HasSubstr("`stall: 8s`")));
  options = {};
  options.transport = Transport::udp;
  found = good();
  found.damaged = 1;
  EXPECT_THAT(advice(found, options), ElementsAre(HasSubstr("take `transport: tcp`")));
}

}  // namespace
}  // namespace porchlight::camera
