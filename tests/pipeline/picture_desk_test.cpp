// SPDX-License-Identifier: Apache-2.0
#include "pipeline/picture_desk.hpp"

#include <gtest/gtest.h>

#include "media/clip.hpp"
#include "media/jpeg_seen.hpp"

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

struct PictureDeskTest : testing::Test {
  SimulatedClock clock;
  Wakeup vision = std::move(*Wakeup::create());
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  PictureDesk desk{clock, &CameraView::for_viewers, metrics};
  double requests(const char* result) {
    return metrics.counter("cache_requests_total", {{"cache", "thumbnail"}, {"result", result}}).value();
  }
  double evictions() { return metrics.counter("cache_evictions_total", {{"cache", "thumbnail"}}).value(); }
  double bytes() { return metrics.gauge("cache_size_bytes", {{"cache", "thumbnail"}}).value(); }
  std::shared_ptr<CameraView> front = std::make_shared<CameraView>("front", vision);

  void SetUp() override { show({{"front", front}}); }
  void show(CameraTable table) { desk.set_cameras(std::make_shared<const CameraTable>(std::move(table))); }
  // Two phases are two pictures.
  std::shared_ptr<const media::Frame> see(int width, int phase = 0) {
    auto frame = media::test::as_frame(media::test::make_picture(AV_PIX_FMT_YUV420P, width, 360, phase));
    frame.arrived = clock.now();
    auto seen = std::make_shared<const media::Frame>(std::move(frame));
    front->for_viewers.post(seen);
    return seen;
  }
  // The picture is this frame: its size, and its colours where people look.
  static void expect_shows(const CameraPicture& picture, const media::Frame& frame) {
    const auto shown = media::test::read_jpeg(*picture.jpeg);
    EXPECT_EQ(shown.width, frame.width);
    EXPECT_EQ(shown.height, frame.height);
    EXPECT_GT(media::test::psnr(frame, shown, frame.width, frame.height), 30);
  }
};

TEST_F(PictureDeskTest, NewestFrameIsAJpegThatKnowsWhenItWasTaken) {
  see(320);
  const auto first = see(640);
  clock.advance(300ms);
  const auto picture = desk.picture("front");
  ASSERT_TRUE(picture.ok()) << picture.error().text();
  expect_shows(*picture, *first);
  EXPECT_EQ(picture->taken, clock.wall() - 300ms);
  const auto same_size = see(640, 50);
  EXPECT_LT(media::test::psnr(*first, *same_size, 640, 360), 20)
      << "two pictures that could be taken for each other";
  expect_shows(*desk.picture("front"), *same_size);
  const auto smaller = see(320);
  expect_shows(*desk.picture("front"), *smaller);
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

TEST_F(PictureDeskTest, ShowsItsJpegsAsACache) {
  see(640);
  const auto first = desk.picture("front");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(requests("miss"), 1);
  EXPECT_EQ(bytes(), static_cast<double>(first->jpeg->size()));
  ASSERT_TRUE(desk.picture("front").ok());
  EXPECT_EQ(requests("hit"), 1);
  const auto smaller = see(320);
  const auto second = desk.picture("front");
  EXPECT_EQ(requests("miss"), 2);
  EXPECT_EQ(bytes(), static_cast<double>(second->jpeg->size()));
  EXPECT_EQ(evictions(), 0) << "a newer picture takes the place of an older";
  clock.advance(6s);
  EXPECT_FALSE(desk.picture("front").ok());
  EXPECT_EQ(requests("miss"), 3);
  EXPECT_EQ(evictions(), 1);
  EXPECT_EQ(bytes(), 0);
  see(640);
  ASSERT_TRUE(desk.picture("front").ok());
  show({});
  EXPECT_FALSE(desk.picture("front").ok());
  EXPECT_EQ(evictions(), 2) << "its camera is gone";
  EXPECT_EQ(requests("hit"), 1);
}

TEST_F(PictureDeskTest, SaysToTheCameraThatItIsShown) {
  EXPECT_FALSE(front->watched);
  desk.set_watched("front", true);
  EXPECT_TRUE(front->watched);
  desk.set_watched("back", true);  // which is not there
  desk.set_watched("front", false);
  EXPECT_FALSE(front->watched);
}

TEST_F(PictureDeskTest, EachDeskEmptiesItsOwnBox) {
  PictureDesk other{clock, &CameraView::for_pictures, metrics};
  other.set_cameras(std::make_shared<const CameraTable>(CameraTable{{"front", front}}));
  const auto seen = see(640);
  front->for_pictures.post(seen);
  const auto shown = other.jpeg("front");
  ASSERT_TRUE(shown.ok()) << shown.error().text();
  EXPECT_EQ(shown->arrived, seen->arrived);
  expect_shows({shown->bytes, shown->taken}, *seen);
  EXPECT_EQ(other.jpeg("front")->bytes, shown->bytes) << "encoded once";
  expect_shows(*desk.picture("front"), *seen);
}

}  // namespace
}  // namespace porchlight::pipeline
