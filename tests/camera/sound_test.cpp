// SPDX-License-Identifier: Apache-2.0
// The sound beside the pictures, from each kind of source that has any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "camera/source.hpp"
#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "rtsp_server.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using test::CameraRig;
using test::eventually;
using test::rtsp_camera;
using test::RtspServer;
using Packets = std::vector<media::PacketPtr>;

#define SERVER_OR_SKIP(name, ...)                                                         \
  std::string name##_why;                                                                 \
  const auto name = RtspServer::start(std::vector<std::string>{__VA_ARGS__}, name##_why); \
  if (!name) GTEST_SKIP() << name##_why

double seconds_of(const media::Packet& packet) {
  // RTP tells no decoding time, and libavformat no other.
  const auto at = packet.data->dts != AV_NOPTS_VALUE ? packet.data->dts : packet.data->pts;
  return static_cast<double>(at) * packet.stream->time_base_num / packet.stream->time_base_den;
}

Packets of_kind(const Packets& packets, media::MediaKind kind) {
  Packets found;
  std::copy_if(packets.begin(), packets.end(), std::back_inserter(found),
               [kind](const auto& packet) { return packet->stream->kind == kind; });
  return found;
}

Packets collect(const CameraOptions& options, Clock& clock, std::size_t enough) {
  Packets packets;
  const PacketSink sink{[&](media::PacketPtr packet) { packets.push_back(std::move(packet)); },
                        [&] { return packets.size() < enough; }};
  static_cast<void>(make_source(options, clock)->run(sink, {}));
  return packets;
}

// What can be heard in it: how long, how loud, and how high (by the zero crossings of the first channel).
struct Heard {
  double seconds = 0;
  double loudness = 0;  // root mean square, 1: full scale
  double hertz = 0;
};

double sample_of(const AVFrame& frame, int i) {
  switch (frame.format) {
    case AV_SAMPLE_FMT_FLTP:
      return reinterpret_cast<const float*>(frame.data[0])[i];
    case AV_SAMPLE_FMT_FLT:
      return reinterpret_cast<const float*>(frame.data[0])[i * 2];
    case AV_SAMPLE_FMT_S16:
      return reinterpret_cast<const std::int16_t*>(frame.data[0])[i] / 32768.0;
    default:
      ADD_FAILURE() << "samples of format " << frame.format;
      return 0;
  }
}

Heard listen(const Packets& packets) {
  const auto& stream = *packets.at(0)->stream;
  media::AvCodec decoder(avcodec_alloc_context3(avcodec_find_decoder(stream.parameters->codec_id)));
  avcodec_parameters_to_context(decoder.get(), stream.parameters.get());
  Heard heard;
  if (avcodec_open2(decoder.get(), nullptr, nullptr) < 0) return heard;
  media::AvFrame frame = media::make_av_frame();
  double power = 0, count = 0, crossings = 0, before = 0;
  for (const auto& packet : packets) {
    EXPECT_GE(avcodec_send_packet(decoder.get(), packet->data.get()), 0);
    while (avcodec_receive_frame(decoder.get(), frame.get()) >= 0) {
      for (int i = 0; i < frame->nb_samples; ++i) {
        const double sample = sample_of(*frame, i);
        power += sample * sample;
        crossings += before < 0 && sample >= 0 ? 1 : 0;
        before = sample;
      }
      count += frame->nb_samples;
    }
  }
  heard.seconds = count / stream.sample_rate;
  heard.loudness = std::sqrt(power / std::max(count, 1.0));
  heard.hertz = crossings / std::max(heard.seconds, 1e-9);
  return heard;
}

void expect_tone(const Packets& sound) {
  const auto heard = listen(sound);
  const double span = seconds_of(*sound.back()) - seconds_of(*sound.front());
  EXPECT_NEAR(heard.seconds, span, 0.2) << "as long as its timestamps say";
  EXPECT_GT(heard.loudness, 0.05);
  EXPECT_NEAR(heard.hertz, 440, 40);
}

struct Codec {
  const char* name;      // the server's
  const char* expected;  // libavcodec's
  int sample_rate;
  int channels;
};
class SoundOf : public testing::TestWithParam<Codec> {};

TEST_P(SoundOf, ComesBesideThePicturesAndCountsAsNone) {
  SERVER_OR_SKIP(server, "--sound", GetParam().name);
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(rtsp_camera("front", server->url()), metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 45 && rig.sound().size() >= 40; }));
  rig.stop();
  const auto sound = rig.sound();
  const auto& stream = *sound.front()->stream;
  EXPECT_EQ(stream.codec, GetParam().expected);
  EXPECT_EQ(stream.sample_rate, GetParam().sample_rate);
  EXPECT_EQ(stream.channels, GetParam().channels);
  if (stream.codec != "pcm_alaw") {
    EXPECT_GT(stream.parameters->extradata_size, 0) << "no container could hold it";
  }
  EXPECT_EQ(sound.back()->stream, sound.front()->stream) << "one stream as long as it is the same";
  for (std::size_t i = 1; i < sound.size(); ++i) ASSERT_GE(sound[i]->arrived, sound[i - 1]->arrived);
  expect_tone(sound);

  const auto frames = rig.frames();
  for (std::size_t i = 1; i < frames.size(); ++i)
    ASSERT_EQ(frames[i].burned - frames[i - 1].burned, frames[i].number - frames[i - 1].number) << "at " << i;
  // What the decoder had not come to at the stop is received, too; sound would be as many again as there
  // were.
  const auto drawn = static_cast<double>(frames.back().burned + 1);
  EXPECT_LT(rig.counter("camera_frames_received_total"), drawn + static_cast<double>(sound.size()))
      << "sound is no picture";
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  EXPECT_THAT(rig.events(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, SoundOf,
                         testing::Values(Codec{"pcma", "pcm_alaw", 8000, 1}, Codec{"aac", "aac", 48000, 2},
                                         Codec{"opus", "opus", 48000, 2}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Sound, IsNotAskedForWhereItIsNotWanted) {
  SERVER_OR_SKIP(server, "--sound", "pcma");
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = rtsp_camera("front", server->url());
  options.audio = false;
  CameraRig rig(options, metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 45; }));
  EXPECT_TRUE(rig.sound().empty());
}

TEST(Sound, ComesByUdpToo) {
  SERVER_OR_SKIP(server, "--sound", "pcma");
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = rtsp_camera("front", server->url());
  options.transport = Transport::udp;
  CameraRig rig(options, metrics);
  EXPECT_TRUE(eventually([&] { return rig.frames().size() >= 30 && rig.sound().size() >= 20; }));
}

TEST(Sound, ThatStopsStallsNoPictures) {
  SERVER_OR_SKIP(server, "--sound", "aac");
  telemetry::Metrics metrics(test::sets_of({"front"}));
  auto options = rtsp_camera("front", server->url());
  options.stall = 5s;
  CameraRig rig(options, metrics);
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= 15 && rig.sound().size() >= 15; }));
  server->order("hush");
  const auto pictures = rig.frames().size();
  // Twice as long as pictures may be missing.
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= pictures + 150; }));
  const auto heard = rig.sound().size();
  ASSERT_TRUE(eventually([&] { return rig.frames().size() >= pictures + 165; }));
  EXPECT_EQ(rig.sound().size(), heard) << "it went on";
  EXPECT_THAT(rig.events(), testing::IsEmpty());
  server->order("mend");
  EXPECT_TRUE(eventually([&] { return rig.sound().size() >= heard + 15; }));
  EXPECT_THAT(rig.events(), testing::IsEmpty());
}

TEST(Sound, AloneIsNoSignOfLife) {
  SERVER_OR_SKIP(server, "--sound", "pcma");
  telemetry::Metrics metrics(test::sets_of({"front"}));
  CameraRig rig(test::impatient(rtsp_camera("front", server->url())), metrics);
  ASSERT_TRUE(eventually([&] { return rig.state() == ConnectionState::connected && !rig.sound().empty(); }));
  server->order("freeze");
  const auto heard = rig.sound().size();
  ASSERT_TRUE(eventually([&] { return rig.events_of<event::CameraLost>().size() == 1; }));
  EXPECT_EQ(rig.state(), ConnectionState::stalled);
  EXPECT_GT(rig.sound().size(), heard + 5) << "the sound was to go on";
  EXPECT_EQ(rig.events_of<event::CameraLost>()[0].fault, event::CameraFault::timeout);
  server->order("mend");
  EXPECT_TRUE(eventually([&] { return rig.events_of<event::CameraBack>().size() == 1; }));
}

// The camera's reports say how sound and pictures belong together; libavformat moves the pictures for it.
TEST(Sound, DoesNotMoveThePictures) {
  for (const char* codec : {"pcma", "aac"}) {
    SERVER_OR_SKIP(server, "--sound", codec);
    SystemClock clock;
    const auto packets = collect(rtsp_camera("front", server->url()), clock, 500);
    const auto pictures = of_kind(packets, media::MediaKind::video);
    ASSERT_GE(pictures.size(), 60U);
    EXPECT_TRUE(std::any_of(pictures.begin(), pictures.end(), [](const auto& picture) {
      return av_packet_get_side_data(picture->data.get(), AV_PKT_DATA_PRFT, nullptr) != nullptr;
    })) << "no report came: nothing was tried";
    // The very first has no time.
    for (std::size_t i = 2; i < pictures.size(); ++i)
      ASSERT_NEAR(seconds_of(*pictures[i]) - seconds_of(*pictures[i - 1]), 1.0 / 15, 0.02) << codec << i;
    // And they stay together: sound is as old as the picture that came with it.
    const auto sound = of_kind(packets, media::MediaKind::audio);
    // By the one that was handed over soonest: a busy machine reads any of them late, and none early.
    const auto lag = [&](const Packets& of) {
      double least_late = -std::numeric_limits<double>::infinity();
      for (auto i = of.size() / 2; i < of.size(); ++i) {
        const auto arrived = std::chrono::duration<double>(of[i]->arrived.time_since_epoch()).count();
        least_late = std::max(least_late, seconds_of(*of[i]) - arrived);
      }
      return least_late;
    };
    EXPECT_NEAR(lag(sound), lag(pictures), 0.5) << codec;
  }
}

class SoundInFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/sound.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  bool make(const std::string& file) {
    return media::test::write_clip(folder_ / file,
                                   {.frames = 40, .fps = 20, .keyframe_interval = 10, .sound = true});
  }

  std::filesystem::path folder_;
};
#define MADE_OR_SKIP(call) \
  if (!(call)) GTEST_SKIP() << "libavcodec does not have the encoder here"

TEST_F(SoundInFiles, GoesOnOverTheEnds) {
  for (const char* file : {"clip.mp4", "clip.mkv", "clip.ts"}) {
    MADE_OR_SKIP(make(file));
    CameraOptions options;
    options.kind = SourceKind::file;
    options.url = "file:" + (folder_ / file).string();
    SimulatedClock clock;
    // Three rounds of 2 s: 120 pictures and 280 pieces of 1024 samples.
    const auto packets = collect(options, clock, 390);
    const auto pictures = of_kind(packets, media::MediaKind::video);
    const auto sound = of_kind(packets, media::MediaKind::audio);
    ASSERT_GT(pictures.size(), 100U) << file;
    ASSERT_GT(sound.size(), 230U) << file;
    EXPECT_EQ(sound.front()->stream, sound.back()->stream) << file;
    for (std::size_t i = 0; i < sound.size(); ++i) {
      ASSERT_TRUE(i == 0 || sound[i]->data->dts > sound[i - 1]->data->dts) << file << i;
      const double played = std::chrono::duration<double>(sound[i]->arrived - pictures[0]->arrived).count();
      ASSERT_NEAR(seconds_of(*sound[i]) - seconds_of(*pictures[0]), played, 1.0) << file << i;
    }
    const auto heard = listen(sound);
    EXPECT_NEAR(heard.hertz, 440, 20) << file;
    EXPECT_GT(heard.loudness, 0.2) << file;
    options.audio = false;
    EXPECT_TRUE(of_kind(collect(options, clock, 50), media::MediaKind::audio).empty()) << file;
  }
}

TEST_F(SoundInFiles, ComesOutOfAProgramsTransportStream) {
  MADE_OR_SKIP(make("clip.ts"));
  CameraOptions options;
  options.id = options.name = "porch";
  options.kind = SourceKind::exec;
  options.command = {"cat", (folder_ / "clip.ts").string()};
  options.url = "exec:cat";
  SystemClock clock;
  const auto packets = collect(options, clock, 10'000);
  EXPECT_EQ(of_kind(packets, media::MediaKind::video).size(), 40U);
  const auto sound = of_kind(packets, media::MediaKind::audio);
  ASSERT_GT(sound.size(), 80U);
  EXPECT_EQ(sound.front()->stream->codec, "aac");
  EXPECT_EQ(sound.front()->stream->sample_rate, 48'000);
  expect_tone(sound);
}

}  // namespace
}  // namespace porchlight::camera
