// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "footage_house.hpp"
#include "porchlight/media/decoder.hpp"
#include "store/fixture.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;

media::FramePtr picture_of(const std::string& jpeg) {
  media::StreamInfo stream;
  stream.codec = "mjpeg";
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_MJPEG;
  stream.parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  auto decoder = media::Decoder::create(stream);
  EXPECT_TRUE(decoder);
  auto data = media::make_av_packet();
  EXPECT_GE(av_new_packet(data.get(), static_cast<int>(jpeg.size())), 0);
  std::copy(jpeg.begin(), jpeg.end(), data->data);
  media::Packet packet;
  packet.keyframe = true;
  packet.size = jpeg.size();
  packet.data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  media::FramePtr frame;
  const auto take = [&](media::FramePtr shown) { frame = std::move(shown); };
  EXPECT_TRUE(decoder->decode(packet, take));
  EXPECT_TRUE(decoder->flush(take));
  return frame;
}

class ThumbnailTest : public testing::Test {
 protected:
  std::uint64_t number_at(const store::Segment& segment, std::chrono::milliseconds into) {
    const auto jpeg = thumbnail(file_on_disk(house.recordings(), segment), into, 640);
    EXPECT_TRUE(jpeg) << jpeg.error().text();
    if (!jpeg) return 0;
    const auto frame = picture_of(*jpeg);
    EXPECT_NE(frame, nullptr);
    return frame ? media::test::number_in(*frame) : 0;
  }
  store::Folder folder;
  FootageHouse house{folder.path() / "house"};
};

TEST_F(ThumbnailTest, ShowsTheFirstPictureAtOrAfterAnInstant) {
  const auto segment = house.add({.at = 0s});
  EXPECT_EQ(number_at(segment, 0ms), 0U);
  EXPECT_EQ(number_at(segment, 1ms), 1U);
  EXPECT_EQ(number_at(segment, 1010ms), 31U);
  EXPECT_EQ(number_at(segment, 1500ms), 45U);
}

TEST_F(ThumbnailTest, BehindTheEndShowsTheLastPicture) {
  EXPECT_EQ(number_at(house.add({.at = 0s}), 1min), 59U);
}

TEST_F(ThumbnailTest, ReadsWhatIsStillBeingWrittenAndReorderedPictures) {
  EXPECT_EQ(number_at(house.add({.at = 0s, .ending = Ending::cut_short}), 1500ms), 45U);
  EXPECT_EQ(number_at(house.add({.at = 10s, .shape = {.b_frames = 2}}), 1500ms), 45U);
}

TEST_F(ThumbnailTest, IsNoWiderThanWanted) {
  const auto segment = house.add({.at = 0s});
  const auto jpeg = thumbnail(house.recordings() / segment.file, 0ms, 160);
  ASSERT_TRUE(jpeg);
  const auto frame = picture_of(*jpeg);
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(frame->width, 160);
  EXPECT_EQ(frame->height, 90);
}

TEST_F(ThumbnailTest, AFileThatIsNotThereIsNotFound) {
  const auto jpeg = thumbnail(house.recordings() / "front" / "no.mp4", 0ms, 160);
  ASSERT_FALSE(jpeg);
  EXPECT_EQ(jpeg.error().code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace porchlight::record::test
