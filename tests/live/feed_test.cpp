// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/feed.hpp"

#include <gtest/gtest.h>

#include "record/packets.hpp"

namespace porchlight::live {
namespace {

using record::test::packet_of;
using record::test::stream_of;

class FeedTest : public testing::Test {
 protected:
  media::PacketPtr picture(bool keyframe, std::size_t bytes = 100) {
    return packet_of(video, {keyframe, number_++ * 40, 0, bytes});
  }
  Wakeup lane = Wakeup::create().value();
  const std::shared_ptr<const media::StreamInfo> video = stream_of("h264");
  std::int64_t number_ = 0;
};

TEST_F(FeedTest, KeepsTheOrder) {
  Feed feed("front", Quality::main, true, lane);
  const auto first = picture(true), second = picture(false);
  feed.push(first);
  feed.push(second);
  EXPECT_EQ(feed.pop(), first);
  EXPECT_EQ(feed.pop(), second);
  EXPECT_FALSE(feed.pop());
}

TEST_F(FeedTest, DropsUpToTheNextKeyframeWhenFullAndCounts) {
  Feed feed("front", Quality::main, true, lane, {.packets = 64, .bytes = 250});
  feed.push(picture(true));
  feed.push(picture(false));
  feed.push(picture(false));  // does not fit
  ASSERT_TRUE(feed.pop());
  ASSERT_TRUE(feed.pop());
  feed.push(picture(false));  // fits, but what it refers to is gone
  EXPECT_EQ(feed.size(), 0U);
  EXPECT_EQ(feed.dropped(), 2U);
  const auto next = picture(true);
  feed.push(next);
  EXPECT_EQ(feed.pop(), next);
}

TEST_F(FeedTest, OnlyAKeyframeWakesTheLaneWhileNobodyWatches) {
  Feed feed("front", Quality::main, true, lane);
  feed.push(picture(false));
  EXPECT_FALSE(feed.wants_attention());
  feed.set_watched(true);
  EXPECT_TRUE(feed.wants_attention());
  feed.set_watched(false);
  feed.push(picture(true));
  EXPECT_TRUE(feed.wants_attention());
}

TEST_F(FeedTest, HasNoSoundWhereTheCameraIsNotToBeHeard) {
  Feed feed("front", Quality::main, false, lane);
  feed.push(packet_of(stream_of("aac", 640, media::MediaKind::audio), {}));
  EXPECT_EQ(feed.size(), 0U);
  EXPECT_EQ(feed.dropped(), 0U);
}

}  // namespace
}  // namespace porchlight::live
