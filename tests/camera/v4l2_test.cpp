// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/videodev2.h>

#include <cstdlib>
#include <fstream>

#include "camera/source.hpp"
#include "camera/v4l2_source.hpp"
#include "camera_rig.hpp"
#include "fake_v4l2.hpp"
#include "media/clip.hpp"
#include "porchlight/media/jpeg.hpp"
#include "rtsp_server/picture_stamp.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::FakeV4l2;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

constexpr int width = 640;
constexpr int height = 360;

media::AvFrame numbered(std::uint32_t number) {
  auto picture = media::test::make_picture(AV_PIX_FMT_YUV420P, width, height, 0);
  picture_stamp::write(picture->data[0], static_cast<std::size_t>(picture->linesize[0]), {0, number});
  return picture;
}

Bytes yuyv_picture(std::uint32_t number, std::size_t stride) {
  const auto picture = numbered(number);
  Bytes bytes(stride * height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<std::size_t>(y) * stride + 2 * static_cast<std::size_t>(x);
      bytes[at] = picture->data[0][y * picture->linesize[0] + x];
      bytes[at + 1] = picture->data[1 + x % 2][y / 2 * picture->linesize[1 + x % 2] + x / 2];
    }
  return bytes;
}

Bytes jpeg_picture(std::uint32_t number) {
  auto encoder = media::JpegEncoder::create({.quality = 90}).value();
  return encoder.encode(media::test::as_frame(numbered(number))).value();
}

class DeviceCamera : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/device_camera.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "video0"; }
  CameraOptions camera() const {
    CameraOptions options;
    options.id = options.name = "usb";
    options.kind = SourceKind::v4l2;
    options.url = "v4l2:" + path().string();
    options.stall = 20s;  // no busy machine is silent for so long
    return options;
  }
  Error run(const CameraOptions& options, std::size_t enough, std::vector<media::PacketPtr>& packets,
            std::uint64_t* lost = nullptr) {
    SystemClock clock;
    PacketSink sink{[&](media::PacketPtr packet) { packets.push_back(std::move(packet)); },
                    [&] { return packets.size() < enough; }};
    if (lost != nullptr) sink.lost = [lost](std::uint64_t pictures) { *lost += pictures; };
    return make_source(options, clock)->run(sink, {});
  }
  Error refusal(const FakeV4l2::Shape& shape) {
    const FakeV4l2 device(path(), shape);
    std::vector<media::PacketPtr> packets;
    return run(camera(), 1, packets);
  }

  std::filesystem::path folder_;
};

TEST_F(DeviceCamera, UnpackedPicturesAreThoseThatWereDrawn) {
  constexpr std::size_t stride = 2 * width + 64;
  FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUYV},
                           .stride = stride,
                           .picture = [](std::uint32_t number) { return yuyv_picture(number, stride); }});
  telemetry::Metrics metrics(test::sets_of({"usb"}));
  test::CameraRig rig(camera(), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_EQ(rig.state(), ConnectionState::connected);
  EXPECT_EQ(device.chosen_format(), V4L2_PIX_FMT_YUYV);
  const auto frames = rig.frames();
  for (const auto& frame : frames) ASSERT_EQ(frame.burned, frame.number);
  EXPECT_TRUE(test::eventually([&] { return rig.gauge("camera_fps_expected") == 50; }))
      << "as the driver says";
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
}

TEST_F(DeviceCamera, MotionJpegIsDecoded) {
  FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG}, .picture = &jpeg_picture});
  telemetry::Metrics metrics(test::sets_of({"usb"}));
  auto options = camera();
  options.fps = 7.5;
  test::CameraRig rig(options, metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_EQ(device.chosen_format(), V4L2_PIX_FMT_MJPEG) << "before YUYV";
  EXPECT_EQ(device.asked_fps(), 7.5);
  for (const auto& frame : rig.frames()) ASSERT_EQ(frame.burned, frame.number);
}

TEST_F(DeviceCamera, DamagedMotionJpegIsNotShown) {
  FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_MJPEG}, .picture = [](std::uint32_t number) {
                             auto bytes = jpeg_picture(number);
                             if (number % 3 == 1) bytes.resize(200);  // the head alone
                             return bytes;
                           }});
  telemetry::Metrics metrics(test::sets_of({"usb"}));
  test::CameraRig rig(camera(), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.frames().size() >= 20; }));
  for (const auto& frame : rig.frames()) ASSERT_NE(frame.burned % 3, 1U);
  EXPECT_TRUE(test::eventually([&] { return rig.counter("camera_frames_dropped_total") >= 9; }));
}

TEST_F(DeviceCamera, HardwareH264BeginsAtItsKeyframe) {
  const auto clip = media::test::encode_clip(
      {.frames = 40, .fps = 20, .keyframe_interval = 10, .headers = media::test::Headers::in_band});
  if (!clip) GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here";
  // The device is in the middle of a group of pictures.
  const auto unit = [&clip](std::uint32_t number) {
    const auto& data = *clip->at((number + 5) % clip->size())->data;
    return Bytes(data.data, data.data + data.size);
  };
  FakeV4l2 device(path(),
                  {.formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_H264}, .picture = unit});
  telemetry::Metrics metrics(test::sets_of({"usb"}));
  test::CameraRig rig(camera(), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.frames().size() >= 30; }));
  EXPECT_EQ(device.chosen_format(), V4L2_PIX_FMT_H264);
  const auto frames = rig.frames();
  for (const auto& frame : frames) ASSERT_EQ(frame.burned, (frame.number + 10) % 40);
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 5);
}

TEST_F(DeviceCamera, PulledOutIsLostAndPutBackIsBack) {
  FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_MJPEG}, .picture = &jpeg_picture});
  telemetry::Metrics metrics(test::sets_of({"usb"}));
  test::CameraRig rig(camera(), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.state() == ConnectionState::connected; }));
  device.unplug();
  ASSERT_TRUE(test::eventually([&] { return rig.state() == ConnectionState::unreachable; }));
  ASSERT_TRUE(test::eventually([&] { return rig.reconnects("network") >= 3; }));
  const auto before = rig.frames().size();
  device.plug_in();
  ASSERT_TRUE(test::eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
  EXPECT_TRUE(test::eventually([&] { return rig.frames().size() > before + 5; }));
  EXPECT_EQ(rig.events_of<event::CameraLost>().size(), 1U);
}

TEST_F(DeviceCamera, SilenceIsATimeout) {
  const FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_MJPEG}, .picture = [](std::uint32_t number) {
                                   return number < 3 ? jpeg_picture(number) : Bytes{};
                                 }});
  std::vector<media::PacketPtr> packets;
  auto options = camera();
  options.stall = 1s;
  EXPECT_EQ(run(options, 10, packets).code(), ErrorCode::timeout);
  EXPECT_EQ(packets.size(), 3U);
}

TEST_F(DeviceCamera, CountsWhatTheDriverLost) {
  FakeV4l2 device(path(), {.formats = {V4L2_PIX_FMT_MJPEG}, .picture = &jpeg_picture});
  std::vector<media::PacketPtr> packets;
  std::uint64_t lost = 0;
  device.damage_next();
  EXPECT_EQ(run(camera(), 2, packets, &lost).code(), ErrorCode::cancelled);
  EXPECT_EQ(lost, 1U);
  EXPECT_FALSE(device.streaming()) << "left running";
  EXPECT_GT(packets[1]->data->pts, packets[0]->data->pts);
  const auto taken = std::chrono::microseconds(packets[1]->data->pts);
  EXPECT_LT(packets[1]->arrived.time_since_epoch() - taken, 5s) << "the kernel's time of the picture";
}

TEST_F(DeviceCamera, NamesWhatCannotBeUsed) {
  std::vector<media::PacketPtr> packets;
  EXPECT_EQ(run(camera(), 1, packets).code(), ErrorCode::not_found);
  std::ofstream(path()) << "a plain file";
  const auto plain = run(camera(), 1, packets);
  EXPECT_EQ(plain.code(), ErrorCode::unsupported);
  EXPECT_THAT(plain.text(), HasSubstr("it is no camera"));

  const auto metadata = refusal({.formats = {V4L2_PIX_FMT_MJPEG}, .capture = false});
  EXPECT_EQ(metadata.code(), ErrorCode::unsupported);
  EXPECT_THAT(metadata.text(), HasSubstr("delivers no pictures"));
  const auto format = refusal({.formats = {V4L2_PIX_FMT_NV12}});
  EXPECT_EQ(format.code(), ErrorCode::unsupported);
  EXPECT_THAT(format.text(), HasSubstr("offers NV12, and none of H264, MJPG, YUYV"));
  const auto busy = refusal({.formats = {V4L2_PIX_FMT_MJPEG}, .busy = true});
  EXPECT_EQ(busy.code(), ErrorCode::unavailable);
  EXPECT_THAT(busy.text(), HasSubstr("in use by another program"));
}

TEST(H264Keyframe, IsFoundBeforeAnyOtherSlice) {
  const auto is_key = [](const Bytes& unit) { return is_h264_keyframe(unit.data(), unit.size()); };
  EXPECT_TRUE(is_key({0, 0, 0, 1, 0x67, 1, 2}));
  EXPECT_TRUE(is_key({0, 0, 1, 0x65, 1}));
  EXPECT_TRUE(is_key({0, 0, 0, 1, 9, 16, 0, 0, 1, 6, 1, 0, 0, 1, 0x65})) << "behind a delimiter and SEI";
  EXPECT_FALSE(is_key({0, 0, 0, 1, 0x41, 1, 2}));
  EXPECT_FALSE(is_key({0, 0, 1, 0x41, 1, 0, 0, 1, 0x65}));
  EXPECT_FALSE(is_key({}));
  EXPECT_FALSE(is_key({0, 0, 1}));
}

}  // namespace
}  // namespace porchlight::camera
