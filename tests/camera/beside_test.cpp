// SPDX-License-Identifier: Apache-2.0
// The main stream beside the one that is watched: nobody decodes it, and it has no series.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "base/temporary_folder.hpp"
#include "camera/camera_rig.hpp"
#include "media/clip.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using porchlight::test::eventually;

struct Beside {
  explicit Beside(const std::string& url, const std::string& detect)
      : metrics(porchlight::test::sets_of({"front"})) {
    CameraOptions options;
    options.id = "front";
    options.kind = SourceKind::file;
    options.url = url;
    options.detect = StreamAddress{SourceKind::file, detect, {}, {}, {}};
    options.stall = 2s;
    ReconnectOptions soon;
    soon.least = soon.most = 50ms;
    Ingest::Outputs outputs;
    outputs.packet = [this](const media::PacketPtr&) { ++packets; };
    outputs.event = [this](const event::Event&) { ++events; };
    outputs.gone = [this](event::GapCause cause, MonotonicTime) {
      const std::lock_guard lock(mutex);
      causes.push_back(cause);
    };
    ingest =
        std::make_unique<Ingest>(options, soon, metrics, clock, std::move(outputs), Ingest::Role::beside);
    worker = std::make_unique<Worker>(
        "main", clock, [this](std::stop_token stop, Heartbeat& beat) { ingest->run(stop, beat); });
  }
  std::vector<event::GapCause> gone() {
    const std::lock_guard lock(mutex);
    return causes;
  }

  SystemClock clock;
  telemetry::Metrics metrics;
  std::atomic<int> packets{0};
  std::atomic<int> events{0};
  std::mutex mutex;
  std::vector<event::GapCause> causes;
  std::unique_ptr<Ingest> ingest;
  std::unique_ptr<Worker> worker;
};

TEST(IngestBeside, PacketsAloneProveItWithoutAWordInTheMetrics) {
  TemporaryFolder folder;
  const auto clip = folder.path() / "main.mp4";
  ASSERT_TRUE(media::test::write_clip(clip, {}));
  Beside beside(clip.string(), "/not/there.mp4");
  ASSERT_TRUE(eventually([&] { return beside.ingest->state() == ConnectionState::connected; }));
  const int before = beside.packets;
  // Twice its `stall`: undecoded packets would count as a stall of the stream that is watched.
  ASSERT_TRUE(eventually([&] { return beside.packets > before + 120; }));
  EXPECT_EQ(beside.ingest->state(), ConnectionState::connected);
  EXPECT_TRUE(beside.gone().empty());
  const auto exposition = beside.metrics.exposition();
  EXPECT_THAT(exposition, testing::Not(testing::HasSubstr("camera_connection_status{")));
  EXPECT_THAT(exposition, testing::HasSubstr("camera_frames_received_total{camera_id=\"front\"} 0\n"));
}

TEST(IngestBeside, TellsWhyNothingComesAndRaisesNoEvent) {
  Beside beside("/not/there.mp4", "/not/there/either.mp4");
  ASSERT_TRUE(eventually([&] { return beside.gone().size() >= 3; })) << "each attempt";
  for (const auto cause : beside.gone()) EXPECT_EQ(cause, event::GapCause::network);
  EXPECT_EQ(beside.events, 0) << "the camera itself may be there";
}

}  // namespace
}  // namespace porchlight::camera
