// SPDX-License-Identifier: Apache-2.0
// H.265: where its parameter sets stand, which decides who plays it.
#include <gmock/gmock.h>

#include <cstring>
#include <set>

#include "segment_media.hpp"
#include "store/fixture.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace porchlight::record {
namespace {

using media::test::ClipShape;
using media::test::Headers;
using store::Folder;
using testing::Contains;
using testing::Not;

ClipShape shape_of(Headers headers) {
  ClipShape shape;
  shape.frames = 75;
  shape.fps = 25;
  shape.keyframe_interval = 25;
  shape.height = 128;
  shape.encoder = "libx265";
  shape.headers = headers;
  return shape;
}

struct Inside {
  std::string entry;
  std::set<int> described;   // types of units in hvcC
  std::multiset<int> types;  // of the units in the samples
  std::size_t samples = 0;
};

// By libavformat, but for the two formats' own words: lengths of four bytes, hvcC's arrays.
Inside look_into(const std::filesystem::path& file) {
  Inside inside;
  AVFormatContext* context = nullptr;
  if (avformat_open_input(&context, file.c_str(), nullptr, nullptr) < 0) return inside;
  media::AvFormat format(context);
  const auto& description = *context->streams[0]->codecpar;
  for (unsigned shift = 0; shift < 32; shift += 8)
    inside.entry += static_cast<char>(description.codec_tag >> shift & 0xff);
  const std::uint8_t* hvcc = description.extradata;
  for (int array = 0, at = 23; array < hvcc[22]; ++array) {
    inside.described.insert(hvcc[at] & 0x3f);
    const int units = hvcc[at + 1] << 8 | hvcc[at + 2];
    at += 3;
    for (int unit = 0; unit < units; ++unit) at += 2 + (hvcc[at] << 8 | hvcc[at + 1]);
  }
  for (auto data = media::make_av_packet(); av_read_frame(context, data.get()) >= 0;
       av_packet_unref(data.get())) {
    if (data->stream_index != 0) continue;
    ++inside.samples;
    for (int at = 0; at + 4 < data->size;) {
      const auto* bytes = data->data + at;
      inside.types.insert(bytes[4] >> 1 & 0x3f);
      at += 4 + (bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
    }
  }
  return inside;
}

// With `text` in front of what there is.
media::PacketPtr headed(const media::PacketPtr& packet, const std::string& text) {
  return test::changed(packet, [&](AVPacket& data) {
    const std::string old(reinterpret_cast<const char*>(data.data), static_cast<std::size_t>(data.size));
    auto made = media::make_av_packet();
    ASSERT_EQ(av_new_packet(made.get(), static_cast<int>(text.size() + old.size())), 0);
    av_packet_copy_props(made.get(), &data);
    std::memcpy(made->data, (text + old).data(), text.size() + old.size());
    av_packet_unref(&data);
    av_packet_move_ref(&data, made.get());
  });
}

class SegmentOfH265 : public testing::TestWithParam<Headers> {
 protected:
  void SetUp() override {
    video = test::pictures(shape_of(GetParam()));
    if (!video) GTEST_SKIP() << "no encoder libx265 here";
  }
  void write(const std::string& name = test::file_name) {
    const auto tail = test::write_segment(folder.path(), name, *video);
    ASSERT_TRUE(tail.ok()) << tail.error().text();
    inside = look_into(folder / name);
    ASSERT_EQ(inside.samples, 75U);
    const auto seen = test::see(folder / name);
    EXPECT_EQ(seen.numbers, test::numbers_up_to(75));
    EXPECT_EQ(seen.damaged, 0U);
    EXPECT_EQ(scan_segment(folder / name, Depth::contents)->codec, "hevc");
  }
  // The stream's own, under a number that nothing refers to.
  std::string another_vps() const {
    auto vps = set_of('\x40');
    vps[6] = static_cast<char>(vps[6] | 0xf0);
    return vps;
  }
  // The stream's own set whose unit begins with that byte, in Annex B.
  std::string set_of(char first) const {
    const auto& description = *video->front()->stream->parameters;
    const auto& packet = *video->front()->data;
    const std::string all =
        GetParam() == Headers::aside
            ? std::string(reinterpret_cast<const char*>(description.extradata),
                          static_cast<std::size_t>(description.extradata_size))
            : std::string(reinterpret_cast<const char*>(packet.data), static_cast<std::size_t>(packet.size));
    const auto begin = all.find(std::string("\0\0\1", 3) + first + '\1');
    return std::string(1, '\0') + all.substr(begin, all.find(std::string("\0\0\1", 3), begin + 3) - begin);
  }
  std::optional<test::Packets> video;
  Folder folder;
  Inside inside;
};

TEST_P(SegmentOfH265, SaysItsParameterSetsOnceInFront) {
  write();
  EXPECT_EQ(inside.entry, "hvc1");
  for (const int set : {32, 33, 34}) {
    EXPECT_THAT(inside.described, Contains(set));
    EXPECT_THAT(inside.types, Not(Contains(set)));
  }
  EXPECT_EQ(inside.types.count(19) + inside.types.count(20), 3U) << "the keyframes";
}

// Nothing that a decoder may need is taken away: of sets that the description does not have, the file says
// that they stand among the pictures.
TEST_P(SegmentOfH265, KeepsWhatItsDescriptionDoesNotHave) {
  video->front() = headed(video->front(), another_vps());
  write();
  // The camera's description has all sets already, and its keyframe alone would not do; else what stands
  // in front of the keyframe is the description.
  const bool is_described = GetParam() == Headers::in_band;
  EXPECT_EQ(inside.entry, is_described ? "hvc1" : "hev1");
  EXPECT_EQ(inside.types.count(32), is_described ? 0U : 1U);
}

// The first packets that a camera sends to a new viewer may be the end of what stands in front of a picture.
TEST_P(SegmentOfH265, DecodesWhereTheConnectionBeganInTheMiddleOfItsSets) {
  const auto sps = set_of('\x42');
  const auto pps = set_of('\x44') + std::string(1, '\0');
  video->front() = headed(video->front(), pps + sps + pps);
  write();
  EXPECT_EQ(inside.entry, "hvc1");
}

TEST_P(SegmentOfH265, KeepsWhatComesLater) {
  video->at(30) = headed(video->at(30), another_vps());
  write();
  EXPECT_EQ(inside.types.count(32), 1U);
  EXPECT_EQ(inside.types.count(33), 0U);
}

TEST_P(SegmentOfH265, SaysItInQuickTimeToo) {
  const auto sound = test::sound("pcm_alaw", 2);
  ASSERT_TRUE(sound);
  const auto tail = test::write_segment(folder.path(), "front/day/one.mov", *video, *sound);
  ASSERT_TRUE(tail.ok()) << tail.error().text();
  EXPECT_EQ(look_into(folder / "front/day/one.mov").entry, "hvc1");
  EXPECT_EQ(test::see(folder / "front/day/one.mov").numbers, test::numbers_up_to(75));
}

INSTANTIATE_TEST_SUITE_P(Headers, SegmentOfH265, testing::Values(Headers::aside, Headers::in_band),
                         [](const auto& tested) {
                           return std::string(tested.param == Headers::aside ? "aside" : "in_band");
                         });

}  // namespace
}  // namespace porchlight::record
