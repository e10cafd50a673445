// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "clip.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media {
namespace {

using test::ClipShape;
using test::number_in;

#define CLIP_OR_SKIP(name, shape)                                                     \
  const auto name##_made = test::encode_clip(shape);                                  \
  if (!name##_made) GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here"; \
  const auto& name = *name##_made

std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all(to - from);
  std::iota(all.begin(), all.end(), from);
  return all;
}

// The packet with its bytes changed by `change`; the clip's stays as it was.
PacketPtr altered(const PacketPtr& packet, const std::function<void(std::uint8_t*, std::size_t)>& change) {
  AvPacket copy(av_packet_clone(packet->data.get()));
  av_packet_make_writable(copy.get());
  change(copy->data, static_cast<std::size_t>(copy->size));
  auto out = std::make_shared<Packet>(*packet);
  out->data = std::shared_ptr<const AVPacket>(copy.release(), AvDeleter{});
  return out;
}

// Decodes and reads each delivered picture's number back from its pixels.
struct Reading {
  explicit Reading(const StreamInfo& stream, std::shared_ptr<PictureMemory> memory = nullptr)
      : decoder(Decoder::create(stream, 1, 0, std::move(memory)).value()) {}
  void feed(const PacketPtr& packet) { ASSERT_TRUE(decoder.decode(*packet, deliver).ok()); }
  void flush() { ASSERT_TRUE(decoder.flush(deliver).ok()); }

  Decoder decoder;
  std::vector<std::uint64_t> shown;    // burned in
  std::vector<std::uint64_t> counted;  // Frame::number
  std::vector<MonotonicTime> arrived;
  Decoder::Deliver deliver = [this](FramePtr frame) {
    shown.push_back(number_in(*frame));
    counted.push_back(frame->number);
    arrived.push_back(frame->arrived);
  };
};

TEST(Decoder, DeliversEachPictureAsSoonAsItsPacketIsIn) {
  CLIP_OR_SKIP(clip, ClipShape{});
  Reading reading(*clip.front()->stream);
  for (std::size_t i = 0; i < clip.size(); ++i) {
    reading.feed(clip[i]);
    ASSERT_EQ(reading.shown.size(), i + 1) << "a picture was held back";
  }
  EXPECT_EQ(reading.shown, numbers(0, clip.size()));
  EXPECT_EQ(reading.counted, numbers(0, clip.size()));
  EXPECT_EQ(reading.decoder.errors(), 0U);
  EXPECT_EQ(reading.decoder.lost(), 0U);
}

TEST(Decoder, PutsReorderedPicturesInOrderWithTheirOwnArrival) {
  CLIP_OR_SKIP(clip, (ClipShape{.b_frames = 2}));
  Reading reading(*clip.front()->stream);
  for (const auto& packet : clip) reading.feed(packet);
  reading.flush();
  EXPECT_EQ(reading.shown, numbers(0, clip.size()));
  for (std::size_t i = 0; i < reading.arrived.size(); ++i)
    EXPECT_EQ(reading.arrived[i], MonotonicTime{std::chrono::milliseconds(1000 + i)});
}

TEST(Decoder, ShowsNothingBetweenDamageAndTheNextKeyframe) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15}));
  Reading reading(*clip.front()->stream);
  for (std::size_t i = 0; i < clip.size(); ++i)
    reading.feed(i != 20 ? clip[i] : altered(clip[i], [](std::uint8_t* data, std::size_t size) {
      std::fill(data + 5, data + size, std::uint8_t{0xa5});
    }));
  auto expected = numbers(0, 20);
  const auto after = numbers(30, 45);
  expected.insert(expected.end(), after.begin(), after.end());
  EXPECT_EQ(reading.shown, expected);
  EXPECT_EQ(reading.counted, numbers(0, expected.size()));
  EXPECT_GE(reading.decoder.errors(), 1U);
  EXPECT_EQ(reading.decoder.lost(), 10U);
}

TEST(Decoder, WaitsForAKeyframeAtTheBeginningAndAfterReset) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15}));
  Reading reading(*clip.front()->stream);
  for (std::size_t i = 3; i < 20; ++i) reading.feed(clip[i]);
  EXPECT_EQ(reading.shown, numbers(15, 20));
  reading.decoder.reset();
  for (std::size_t i = 20; i < 35; ++i) reading.feed(clip[i]);
  EXPECT_EQ(reading.shown.back(), 34U);
  EXPECT_EQ(reading.shown.size(), 10U);
}

TEST(Decoder, SurvivesAnyBytesAndRecoversAtTheNextKeyframe) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 60, .keyframe_interval = 10, .b_frames = 1}));
  std::mt19937 random(20240607);
  Reading reading(*clip.front()->stream);
  for (int round = 0; round < 8; ++round) {
    for (const auto& packet : clip) {
      reading.feed(altered(packet, [&random](std::uint8_t* data, std::size_t size) {
        for (std::size_t hits = 1 + random() % 8; hits > 0; --hits)
          data[random() % size] = static_cast<std::uint8_t>(random());
        if (random() % 4 == 0) std::generate(data, data + size, [&random] { return std::uint8_t(random()); });
      }));
    }
  }
  EXPECT_GT(reading.decoder.errors(), 10U);
  reading.shown.clear();
  for (const auto& packet : clip) reading.feed(packet);
  reading.flush();
  ASSERT_GE(reading.shown.size(), 50U);
  EXPECT_EQ(reading.shown.back(), 59U);
}

TEST(Decoder, TruncatedPacketsAreCountedAndNotShown) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 30, .keyframe_interval = 15}));
  Reading reading(*clip.front()->stream);
  AvPacket cut(av_packet_clone(clip[0]->data.get()));
  av_shrink_packet(cut.get(), cut->size / 3);
  auto packet = std::make_shared<Packet>(*clip[0]);
  packet->data = std::shared_ptr<const AVPacket>(cut.release(), AvDeleter{});
  reading.feed(packet);
  for (std::size_t i = 1; i < 15; ++i) reading.feed(clip[i]);
  EXPECT_THAT(reading.shown, testing::IsEmpty());
  reading.feed(clip[15]);
  EXPECT_THAT(reading.shown, testing::ElementsAre(15U));
}

// The same of H.265, which libavcodec reports in other ways.
TEST(Decoder, DeliversH265PictureByPicture) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15, .encoder = "libx265"}));
  Reading reading(*clip.front()->stream);
  for (const auto& packet : clip) reading.feed(packet);
  reading.flush();
  EXPECT_EQ(reading.shown, numbers(0, clip.size()));
  EXPECT_EQ(reading.decoder.errors(), 0U);
  EXPECT_EQ(reading.decoder.lost(), 0U);
}

TEST(Decoder, ShowsNothingOfH265BetweenDamageAndTheNextKeyframe) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15, .encoder = "libx265"}));
  Reading reading(*clip.front()->stream);
  for (std::size_t i = 0; i < clip.size(); ++i)
    reading.feed(i != 20 ? clip[i] : altered(clip[i], [](std::uint8_t* data, std::size_t size) {
      std::fill(data + 8, data + size, std::uint8_t{0xa5});
    }));
  reading.flush();
  auto expected = numbers(0, 20);
  const auto after = numbers(30, 45);
  expected.insert(expected.end(), after.begin(), after.end());
  EXPECT_EQ(reading.shown, expected);
  EXPECT_GE(reading.decoder.errors(), 1U);
}

TEST(Decoder, ShowsNothingOfH265BehindALostPicture) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15, .encoder = "libx265"}));
  Reading reading(*clip.front()->stream);
  for (std::size_t i = 0; i < clip.size(); ++i)
    if (i != 20) reading.feed(clip[i]);
  reading.flush();
  auto expected = numbers(0, 20);
  const auto after = numbers(30, 45);
  expected.insert(expected.end(), after.begin(), after.end());
  EXPECT_EQ(reading.shown, expected);
}

TEST(Decoder, SurvivesAnyBytesOfH265AndRecoversAtTheNextKeyframe) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 60, .keyframe_interval = 10, .b_frames = 1, .encoder = "libx265"}));
  std::mt19937 random(20261126);
  Reading reading(*clip.front()->stream);
  for (int round = 0; round < 4; ++round)
    for (const auto& packet : clip)
      reading.feed(altered(packet, [&random](std::uint8_t* data, std::size_t size) {
        for (std::size_t hits = 1 + random() % 8; hits > 0; --hits)
          data[random() % size] = static_cast<std::uint8_t>(random());
      }));
  EXPECT_GT(reading.decoder.errors(), 10U);
  reading.shown.clear();
  for (const auto& packet : clip) reading.feed(packet);
  reading.flush();
  ASSERT_GE(reading.shown.size(), 50U);
  EXPECT_EQ(reading.shown.back(), 59U);
}

// A container or a description may say anything; the picture's size is what its own parameter set says.
TEST(Decoder, BelievesTheStreamAndNotItsDescription) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 5}));
  auto lying = std::make_shared<StreamInfo>(*clip.front()->stream);
  AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_copy(parameters.get(), lying->parameters.get());
  parameters->width = lying->width = 64;
  parameters->height = lying->height = 8000;
  lying->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), AvDeleter{});
  auto decoder = Decoder::create(*lying).value();
  int shown = 0;
  for (const auto& packet : clip)
    ASSERT_TRUE(decoder
                    .decode(*packet,
                            [&](const FramePtr& frame) {
                              ++shown;
                              EXPECT_EQ(frame->width, 640);
                              EXPECT_EQ(frame->height, 360);
                            })
                    .ok());
  EXPECT_EQ(shown, 5);
}

TEST(Decoder, FollowsAChangeOfSizeInMidStream) {
  CLIP_OR_SKIP(small, (ClipShape{.frames = 10, .headers = test::Headers::in_band}));
  CLIP_OR_SKIP(large,
               (ClipShape{.frames = 10, .width = 1280, .height = 720, .headers = test::Headers::in_band}));
  auto decoder = Decoder::create(*small.front()->stream).value();
  std::vector<int> widths;
  for (const auto* clip : {&small, &large, &small})
    for (const auto& packet : *clip)
      ASSERT_TRUE(
          decoder.decode(*packet, [&](const FramePtr& frame) { widths.push_back(frame->width); }).ok());
  std::vector<int> expected(30, 640);
  std::fill(expected.begin() + 10, expected.begin() + 20, 1280);
  EXPECT_EQ(widths, expected);
}

// A parameter set may claim any size, and the decoder would reserve the memory for several such pictures.
TEST(Decoder, RefusesPicturesBeyondItsLimit) {
  static_assert(Decoder::most_pixels == 4096 * 4096);
  CLIP_OR_SKIP(most, (ClipShape{.frames = 1, .width = 4096, .height = 4096}));
  Reading large(*most.front()->stream);
  large.feed(most.front());
  large.flush();
  EXPECT_EQ(large.shown.size(), 1U);
  CLIP_OR_SKIP(more, (ClipShape{.frames = 1, .width = 4112, .height = 4096}));
  EXPECT_EQ(Decoder::create(*more.front()->stream).error().code(), ErrorCode::unsupported);
  // A stream that says its size only itself.
  auto silent = std::make_shared<StreamInfo>(*more.front()->stream);
  AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_copy(parameters.get(), silent->parameters.get());
  parameters->width = parameters->height = 0;
  silent->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), AvDeleter{});
  Reading larger(*silent);
  larger.feed(more.front());
  larger.flush();
  EXPECT_THAT(larger.shown, testing::IsEmpty());
  EXPECT_GE(larger.decoder.errors(), 1U);
}

TEST(Decoder, BoundsTheFramesThatAreAlive) {
  CLIP_OR_SKIP(clip, ClipShape{});
  auto decoder = Decoder::create(*clip.front()->stream).value();
  std::vector<FramePtr> hoard;
  const auto keep = [&hoard](FramePtr frame) { hoard.push_back(std::move(frame)); };
  for (std::size_t i = 0; i < 40; ++i) ASSERT_TRUE(decoder.decode(*clip[i], keep).ok());
  EXPECT_EQ(hoard.size(), static_cast<std::size_t>(Decoder::frame_limit));
  EXPECT_EQ(decoder.lost(), 40U - Decoder::frame_limit);
  hoard.clear();
  ASSERT_TRUE(decoder.decode(*clip[40], keep).ok());
  ASSERT_EQ(hoard.size(), 1U);
  EXPECT_EQ(number_in(*hoard[0]), 40U) << "decoding went on meanwhile";
}

TEST(Decoder, CountsTheBytesOfPicturesInUseOnceEach) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 40}));
  const std::size_t picture = 640 * 360 * 3 / 2;
  const auto memory = std::make_shared<PictureMemory>();
  std::vector<FramePtr> hoard;
  {
    auto decoder = Decoder::create(*clip.front()->stream, 1, 0, memory).value();
    EXPECT_EQ(memory->bytes(), 0U);
    const auto keep = [&hoard](FramePtr frame) { hoard.push_back(std::move(frame)); };
    for (std::size_t i = 0; i < 20; ++i) ASSERT_TRUE(decoder.decode(*clip[i], keep).ok());
    ASSERT_EQ(hoard.size(), 20U);
    EXPECT_GE(memory->bytes(), 20 * picture);
    EXPECT_LT(memory->bytes(), 28 * picture) << "delivered ones and a few references, padding included";
    const auto full = memory->bytes();
    hoard.resize(5);
    EXPECT_LE(memory->bytes(), full - 10 * picture) << "what is let go is not counted, but for references";
  }
  EXPECT_GE(memory->bytes(), 5 * picture) << "pictures outlive their decoder";
  hoard.clear();
  EXPECT_EQ(memory->bytes(), 0U);
}

// As the daemon decodes: it counts what is missing and what is in use, both beside libavcodec's one pointer.
TEST(Decoder, CountsTheBytesOfH265WhileReferencesAreMissing) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 45, .keyframe_interval = 15, .encoder = "libx265"}));
  const auto memory = std::make_shared<PictureMemory>();
  {
    Reading reading(*clip.front()->stream, memory);
    std::size_t most = 0;
    for (std::size_t i = 0; i < clip.size(); ++i) {
      if (i != 20) reading.feed(clip[i]);
      most = std::max(most, memory->bytes());
    }
    reading.flush();
    EXPECT_GE(most, std::size_t{640 * 360 * 3 / 2});
    EXPECT_LT(most, 30 * std::size_t{640 * 360 * 3 / 2});
    EXPECT_GE(reading.decoder.errors(), 1U) << "the lost picture was missed";
    auto expected = numbers(0, 20);
    const auto after = numbers(30, 45);
    expected.insert(expected.end(), after.begin(), after.end());
    EXPECT_EQ(reading.shown, expected);
  }
  EXPECT_EQ(memory->bytes(), 0U);
}

TEST(Decoder, CountsTheBytesOfDamagedPicturesToTheEnd) {
  for (const char* encoder : {"libx264", "libx265"}) {
    CLIP_OR_SKIP(clip, (ClipShape{.frames = 60, .keyframe_interval = 10, .b_frames = 1, .encoder = encoder}));
    std::mt19937 random(20261126);
    const auto memory = std::make_shared<PictureMemory>();
    {
      Reading reading(*clip.front()->stream, memory);
      for (int round = 0; round < 3; ++round)
        for (std::size_t i = 0; i < clip.size(); ++i) {
          if (i % 7 == 3) continue;  // lost
          reading.feed(altered(clip[i], [&](std::uint8_t* data, std::size_t size) {
            if (i % 3 == 1) data[random() % size] = static_cast<std::uint8_t>(random());
          }));
          ASSERT_LT(memory->bytes(), 60 * std::size_t{640 * 360 * 3 / 2}) << encoder << " at " << i;
        }
      EXPECT_GT(reading.decoder.errors(), 3U) << encoder;
      reading.shown.clear();
      for (const auto& packet : clip) reading.feed(packet);
      EXPECT_GE(memory->bytes(), std::size_t{640 * 360 * 3 / 2})
          << encoder << ": what the next ones refer to";
      reading.flush();
      EXPECT_GE(reading.shown.size(), 50U) << encoder;
    }
    EXPECT_EQ(memory->bytes(), 0U) << encoder;
  }
}

TEST(Decoder, ContinuesTheCountItIsGiven) {
  CLIP_OR_SKIP(clip, (ClipShape{.frames = 3}));
  auto decoder = Decoder::create(*clip.front()->stream, 1, 1000).value();
  std::vector<std::uint64_t> counted;
  for (const auto& packet : clip)
    ASSERT_TRUE(
        decoder.decode(*packet, [&](const FramePtr& frame) { counted.push_back(frame->number); }).ok());
  EXPECT_THAT(counted, testing::ElementsAre(1000U, 1001U, 1002U));
  EXPECT_EQ(decoder.next_number(), 1003U);
}

TEST(Decoder, RefusesWhatItCannotDecode) {
  StreamInfo audio;
  audio.kind = MediaKind::audio;
  EXPECT_EQ(Decoder::create(audio).error().code(), ErrorCode::invalid_argument);
  StreamInfo strange;
  AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_id = AV_CODEC_ID_NONE;
  strange.codec = "none";
  strange.parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), AvDeleter{});
  EXPECT_EQ(Decoder::create(strange).error().code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace porchlight::media
