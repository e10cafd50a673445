// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "camera/source.hpp"
#include "camera_rig.hpp"
#include "media/clip.hpp"
#include "porchlight/media/decoder.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/frame.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using media::test::ClipShape;

class FileCamera : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/file_camera.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  CameraOptions camera(const std::string& file) {
    CameraOptions options;
    options.id = options.name = "clip";
    options.kind = SourceKind::file;
    options.url = "file:" + (folder_ / file).string();
    return options;
  }
  bool make(const std::string& file, const ClipShape& shape) {
    return media::test::write_clip(folder_ / file, shape);
  }

  std::filesystem::path folder_;
};
#define MADE_OR_SKIP(call) \
  if (!(call)) GTEST_SKIP() << "libavcodec has no H.264 encoder (libx264) here"

// Plays `count` packets in simulated time.
std::vector<media::PacketPtr> play(const CameraOptions& options, Clock& clock, std::size_t count,
                                   Error* end = nullptr) {
  std::vector<media::PacketPtr> packets;
  const PacketSink sink{[&](media::PacketPtr packet) { packets.push_back(std::move(packet)); },
                        [&] { return packets.size() < count; }};
  const Error error = make_source(options, clock)->run(sink, {});
  if (end != nullptr) *end = error;
  return packets;
}

std::chrono::nanoseconds decoding_time(const media::Packet& packet) {
  const AVRational base{packet.stream->time_base_num, packet.stream->time_base_den};
  return std::chrono::nanoseconds(av_rescale_q(packet.data->dts, base, AVRational{1, 1'000'000'000}));
}

// Three rounds of half a second: each packet leaves at its own time, and time only goes on.
void expect_real_time(const std::vector<media::PacketPtr>& packets, int fps, double tolerance = 0.002) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto since = packets[i]->arrived - packets[0]->arrived;
    EXPECT_NEAR(std::chrono::duration<double>(since).count(), static_cast<double>(i) / fps, tolerance) << i;
    EXPECT_NEAR(
        std::chrono::duration<double>(since).count(),
        std::chrono::duration<double>(decoding_time(*packets[i]) - decoding_time(*packets[0])).count(),
        0.002);
    ASSERT_TRUE(i == 0 || packets[i]->data->dts > packets[i - 1]->data->dts) << i;
    ASSERT_GE(packets[i]->data->pts, packets[i]->data->dts) << i;
  }
}

TEST_F(FileCamera, LoopsAtItsOwnTimestampsWhichGoOn) {
  MADE_OR_SKIP(make("plain.mp4", {.frames = 10, .fps = 20, .keyframe_interval = 5}));
  SimulatedClock clock;
  const auto packets = play(camera("plain.mp4"), clock, 30);
  ASSERT_EQ(packets.size(), 30U);
  EXPECT_EQ(packets[0]->stream->codec, "h264");
  EXPECT_EQ(packets[0]->stream->width, 640);
  EXPECT_NEAR(packets[0]->stream->fps, 20, 0.01);
  EXPECT_TRUE(packets[0]->keyframe && packets[5]->keyframe && packets[10]->keyframe &&
              !packets[11]->keyframe);
  EXPECT_EQ(packets[0]->stream, packets[29]->stream) << "one stream for ever, one decoder";
  expect_real_time(packets, 20);
}

TEST_F(FileCamera, LoopsReorderedPicturesInEveryContainer) {
  for (const char* file : {"b.mp4", "b.mkv", "b.ts"}) {
    MADE_OR_SKIP(make(file, {.frames = 20, .fps = 20, .keyframe_interval = 10, .b_frames = 2}));
    SimulatedClock clock;
    const auto packets = play(camera(file), clock, 60);
    ASSERT_EQ(packets.size(), 60U) << file;
    // Matroska stores no decoding times; libavformat guesses those of reordered pictures.
    expect_real_time(packets, 20, std::string_view(file).ends_with("mkv") ? 0.101 : 0.002);
    auto decoder = media::Decoder::create(*packets[0]->stream).value();
    std::vector<std::uint64_t> numbers;
    std::int64_t last = std::numeric_limits<std::int64_t>::min();
    const auto read = [&](const media::FramePtr& frame) {
      numbers.push_back(media::test::number_in(*frame));
      EXPECT_GT(frame->picture->pts, last) << file;
      last = frame->picture->pts;
    };
    for (const auto& packet : packets) ASSERT_TRUE(decoder.decode(*packet, read).ok());
    ASSERT_TRUE(decoder.flush(read).ok());
    ASSERT_EQ(numbers.size(), 60U) << file;
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i % 20) << file;
  }
}

TEST_F(FileCamera, LoopsH265InEveryContainer) {
  for (const char* file : {"h265.mp4", "h265.mkv", "h265.ts", "h265.hevc"}) {
    MADE_OR_SKIP(make(file, {.frames = 20, .fps = 25, .keyframe_interval = 10, .encoder = "libx265"}));
    SimulatedClock clock;
    const auto packets = play(camera(file), clock, 50);
    ASSERT_EQ(packets.size(), 50U) << file;
    EXPECT_EQ(packets[0]->stream->codec, "hevc") << file;
    auto decoder = media::Decoder::create(*packets[0]->stream).value();
    std::vector<std::uint64_t> numbers;
    const auto read = [&](const media::FramePtr& frame) {
      numbers.push_back(media::test::number_in(*frame));
    };
    for (const auto& packet : packets) ASSERT_TRUE(decoder.decode(*packet, read).ok());
    ASSERT_TRUE(decoder.flush(read).ok());
    ASSERT_EQ(numbers.size(), 50U) << file;
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i % 20) << file;
  }
}

// A transport stream that ends in the middle of a picture, as a full disk or a cut wire leaves it.
TEST_F(FileCamera, ACutClipShowsWhatIsWholeAndGoesOn) {
  for (const char* encoder : {"libx264", "libx265"}) {
    MADE_OR_SKIP(make("cut.ts", {.frames = 20, .fps = 25, .keyframe_interval = 5, .encoder = encoder}));
    const auto path = folder_ / "cut.ts";
    std::filesystem::resize_file(path, std::filesystem::file_size(path) * 7 / 10);
    SimulatedClock clock;
    const auto packets = play(camera("cut.ts"), clock, 40);
    ASSERT_EQ(packets.size(), 40U) << encoder;
    auto decoder = media::Decoder::create(*packets[0]->stream).value();
    std::vector<std::uint64_t> numbers;
    const auto read = [&](const media::FramePtr& frame) {
      numbers.push_back(media::test::number_in(*frame));
    };
    for (const auto& packet : packets) ASSERT_TRUE(decoder.decode(*packet, read).ok());
    // It begins anew at least twice, and between the beginnings every picture is the next one.
    EXPECT_GE(std::count(numbers.begin(), numbers.end(), 0U), 2) << encoder;
    for (std::size_t i = 1; i < numbers.size(); ++i)
      EXPECT_TRUE(numbers[i] == numbers[i - 1] + 1 || numbers[i] == 0)
          << encoder << " at " << i << ": " << numbers[i];
  }
}

// The container's header says one size, the stream's own parameter set another.
TEST_F(FileCamera, ALyingHeaderDoesNotDeceive) {
  MADE_OR_SKIP(make("lie.mp4", {.frames = 10, .fps = 20, .keyframe_interval = 5}));
  std::fstream file(folder_ / "lie.mp4", std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto entry = bytes.find("avc1", bytes.find("stsd"));
  ASSERT_NE(entry, std::string::npos);
  file.clear();
  file.seekp(static_cast<std::streamoff>(entry + 4 + 24));  // ISO/IEC 14496-12, 12.1.3: width, height
  file.write("\x01\x00\x00\x40", 4);
  file.close();
  SimulatedClock clock;
  const auto packets = play(camera("lie.mp4"), clock, 10);
  ASSERT_EQ(packets.size(), 10U);
  auto decoder = media::Decoder::create(*packets[0]->stream).value();
  int shown = 0;
  for (const auto& packet : packets)
    ASSERT_TRUE(decoder
                    .decode(*packet,
                            [&](const media::FramePtr& frame) {
                              ++shown;
                              EXPECT_EQ(frame->width, 640);
                              EXPECT_EQ(frame->height, 360);
                            })
                    .ok());
  EXPECT_EQ(shown, 10);
}

TEST_F(FileCamera, PlaysOnceWhenToldTo) {
  MADE_OR_SKIP(make("once.mp4", {.frames = 10, .fps = 20}));
  auto options = camera("once.mp4");
  options.loop = false;
  SimulatedClock clock;
  Error end(ErrorCode::internal, "");
  EXPECT_EQ(play(options, clock, 100, &end).size(), 10U);
  EXPECT_EQ(end.code(), ErrorCode::end_of_stream);
}

TEST_F(FileCamera, NamesWhatIsWrongWithTheFile) {
  SimulatedClock clock;
  Error end(ErrorCode::internal, "");
  play(camera("absent.mp4"), clock, 1, &end);
  EXPECT_EQ(end.code(), ErrorCode::not_found);
  EXPECT_THAT(end.text(), testing::HasSubstr("absent.mp4': No such file"));
  std::ofstream(folder_ / "noise.mp4") << "this is no clip at all, only some words";
  play(camera("noise.mp4"), clock, 1, &end);
  EXPECT_EQ(end.code(), ErrorCode::corrupt);
  std::ofstream(folder_ / "list.m3u8") << "#EXTM3U\n#EXTINF:1,\nother.ts\n";
  play(camera("list.m3u8"), clock, 1, &end);
  EXPECT_NE(end.code(), ErrorCode::end_of_stream);
}

// Real retries in simulated time: the waits are what the injected dice say.
TEST_F(FileCamera, WaitsLongerAfterEachFailure) {
  telemetry::Metrics metrics(test::sets_of({"clip"}));
  SimulatedClock clock;
  ReconnectOptions reconnect;
  std::stop_source stop;
  std::vector<MonotonicTime> attempts;
  reconnect.random = [&] {
    attempts.push_back(clock.now());
    if (attempts.size() == 9) stop.request_stop();
    return 1.0;
  };
  int lost = 0;
  Ingest ingest(
      camera("absent.mp4"), reconnect, metrics, clock,
      {{}, [&lost](const event::Event& event) { lost += std::holds_alternative<event::CameraLost>(event); }});
  Heartbeat heartbeat(clock);
  ingest.run(stop.get_token(), heartbeat);
  const std::vector<std::chrono::seconds> expected{1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s};
  ASSERT_EQ(attempts.size(), 9U);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(attempts[i + 1] - attempts[i], expected[i]);
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(
      metrics.counter("camera_reconnects_total", {{"camera_id", "clip"}, {"reason", "network"}}).value(), 8);
}

TEST_F(FileCamera, IsACameraLikeAnyOther) {
  MADE_OR_SKIP(make("door.mp4", {.frames = 20, .fps = 20, .keyframe_interval = 10}));
  telemetry::Metrics metrics(test::sets_of({"clip"}));
  test::CameraRig rig(camera("door.mp4"), metrics);
  ASSERT_TRUE(test::eventually([&] { return rig.counter("camera_frames_received_total") >= 45; }));
  EXPECT_EQ(rig.state(), ConnectionState::connected);
  EXPECT_EQ(rig.gauge("camera_fps_expected"), 20);
  EXPECT_EQ(rig.counter("camera_frames_dropped_total"), 0);
  const auto frames = rig.frames();
  for (std::size_t i = 1; i < frames.size(); ++i)
    EXPECT_EQ((frames[i].burned + 20 - frames[i - 1].burned) % 20,
              (frames[i].number - frames[i - 1].number) % 20);
}

}  // namespace
}  // namespace porchlight::camera
