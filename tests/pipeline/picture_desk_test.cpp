// SPDX-License-Identifier: Apache-2.0
#include "pipeline/picture_desk.hpp"

#include <gtest/gtest.h>

#include "media/clip.hpp"

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

struct PictureDeskTest : testing::Test {
  SimulatedClock clock;
  Wakeup vision = std::move(*Wakeup::create());
  PictureDesk desk{clock};
  std::shared_ptr<CameraView> front = std::make_shared<CameraView>("front", vision);

  void SetUp() override { show({{"front", front}}); }
  void show(CameraTable table) { desk.set_cameras(std::make_shared<const CameraTable>(std::move(table))); }
  void see(int width) {
    auto frame = media::test::as_frame(media::test::make_picture(AV_PIX_FMT_YUV420P, width, 360));
    frame.arrived = clock.now();
    front->for_viewers.post(std::make_shared<const media::Frame>(std::move(frame)));
  }
};

TEST_F(PictureDeskTest, NewestFrameIsAJpegThatKnowsWhenItWasTaken) {
  see(640);
  clock.advance(300ms);
  const auto picture = desk.picture("front");
  ASSERT_TRUE(picture.ok()) << picture.error().text();
  ASSERT_GT(picture->jpeg->size(), 100U);
  EXPECT_EQ(picture->jpeg->at(0), 0xff);
  EXPECT_EQ(picture->jpeg->at(1), 0xd8);
  EXPECT_EQ(picture->taken, clock.wall() - 300ms);
  see(320);
  EXPECT_NE(*desk.picture("front")->jpeg, *picture->jpeg);
}

TEST_F(PictureDeskTest, FrameIsEncodedOnceWhoeverAsks) {
  see(640);
  const auto first = desk.picture("front");
  EXPECT_EQ(desk.picture("front")->jpeg, first->jpeg);
  EXPECT_EQ(desk.picture("front")->taken, first->taken);
}

TEST_F(PictureDeskTest, OldPicturesAreNone) {
  EXPECT_EQ(desk.picture("front").error().code(), ErrorCode::unavailable);
  see(640);
  EXPECT_TRUE(desk.picture("front").ok());
  clock.advance(5s);
  EXPECT_TRUE(desk.picture("front").ok());
  clock.advance(1ms);
  EXPECT_EQ(desk.picture("front").error().code(), ErrorCode::unavailable);
  see(640);
  EXPECT_TRUE(desk.picture("front").ok()) << "back again";
  // A frame that nobody asked for while it was new.
  see(320);
  clock.advance(6s);
  EXPECT_EQ(desk.picture("front").error().code(), ErrorCode::unavailable);
}

TEST_F(PictureDeskTest, CameraThatLeftIsNotThereAndTheOthersStay) {
  see(640);
  const auto before = desk.picture("front");
  EXPECT_EQ(desk.picture("back").error().code(), ErrorCode::not_found);
  show({{"front", front}, {"back", std::make_shared<CameraView>("back", vision)}});
  EXPECT_EQ(desk.picture("front")->jpeg, before->jpeg);
  EXPECT_EQ(desk.picture("back").error().code(), ErrorCode::unavailable);
  show({});
  EXPECT_EQ(desk.picture("front").error().code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace porchlight::pipeline
