// SPDX-License-Identifier: Apache-2.0
// Several cameras are read by one thread and recorded: nothing behind a source asks for a thread per camera.
#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/temporary_folder.hpp"
#include "camera/source.hpp"
#include "media/clip.hpp"
#include "porchlight/base/worker.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/record/recorder.hpp"
#include "record/segment_file.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using Packets = std::vector<media::PacketPtr>;

constexpr int fps = 15;

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 6'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

// Pushes the packets of all cameras that play, when they are due, from one thread.
class Reactor {
 public:
  explicit Reactor(Packets packets) : packets_(std::move(packets)) {}

  // One connection; only waits.
  Error play(const std::string& camera, const camera::PacketSink& sink, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    auto& line = lines_[camera];
    line = Line{&sink, stop, clock_.now(), 0, {}};
    ended_.wait(lock, [&line] { return line.why.has_value(); });
    Error why = std::move(*line.why);
    lines_.erase(camera);
    return why;
  }
  void hang_up(const std::string& camera) {
    const std::lock_guard lock(mutex_);
    if (const auto line = lines_.find(camera); line != lines_.end())
      line->second.why = Error(ErrorCode::end_of_stream, "the camera hung up");
    ended_.notify_all();
  }
  std::uint64_t pushed(const std::string& camera) {
    const std::lock_guard lock(mutex_);
    return pushed_[camera];
  }

 private:
  struct Line {
    const camera::PacketSink* sink = nullptr;
    std::stop_token stop;
    MonotonicTime begun{};
    std::size_t next = 0;
    std::optional<Error> why;  // it ended
  };

  void run(const std::stop_token& stop, Heartbeat& heartbeat) {
    while (!stop.stop_requested()) {
      heartbeat.beat();
      {
        const std::lock_guard lock(mutex_);
        for (auto& [camera, line] : lines_)
          if (!line.why) turn(camera, line);
        ended_.notify_all();
      }
      clock_.sleep_for(5ms, stop);
    }
  }
  void turn(const std::string& camera, Line& line) {
    if (line.stop.stop_requested() || !line.sink->go_on()) {
      line.why = Error(ErrorCode::cancelled, "given up");
      return;
    }
    for (; line.next < packets_.size(); ++line.next) {
      const auto due = line.begun + static_cast<int>(line.next) * 1000ms / fps;
      if (clock_.now() < due) return;
      auto packet = std::make_shared<media::Packet>(*packets_[line.next]);
      packet->arrived = due;
      line.sink->packet(std::move(packet));
      ++pushed_[camera];
    }
  }

  const Packets packets_;
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::map<std::string, Line> lines_;
  std::map<std::string, std::uint64_t> pushed_;
  Worker worker_{"reactor", clock_, [this](std::stop_token stop, Heartbeat& beat) { run(stop, beat); }};
};

class ReactorSource final : public camera::Source {
 public:
  ReactorSource(Reactor& reactor, std::string camera) : reactor_(reactor), camera_(std::move(camera)) {}
  Error run(const camera::PacketSink& sink, std::stop_token stop) override {
    return reactor_.play(camera_, sink, stop);
  }

 private:
  Reactor& reactor_;
  const std::string camera_;
};

telemetry::ClosedSets sets() {
  telemetry::ClosedSets closed;
  closed.camera_ids = {"back", "front", "gate", "yard"};
  return closed;
}

struct House {
  explicit House(Packets packets) : reactor(std::move(packets)) {
    auto opened = record::Volume::open(folder.path(), std::nullopt);
    if (opened) volume = std::make_shared<const record::Volume>(std::move(*opened));
  }
  TemporaryFolder folder;
  SystemClock clock;
  telemetry::Metrics metrics{sets()};
  std::shared_ptr<const record::Volume> volume;
  Reactor reactor;
  std::mutex mutex;
  std::set<std::thread::id> pushers;  // whose thread the outputs are called on
};

// Ingest and recorder as the daemon couples them.
class RecordedCamera {
 public:
  RecordedCamera(House& house, std::string id) : house_(house), id_(std::move(id)) {
    recorder_ = std::move(*record::Recorder::create(recorder_options(), house.clock, house.metrics, ports()));
    ingest_ = std::make_unique<camera::Ingest>(
        camera_options(), camera::ReconnectOptions{600ms, 600ms, 10s, [] { return 0.9; }}, house.metrics,
        house.clock, outputs(), camera::Ingest::Role::beside, [this](const camera::CameraOptions&, Clock&) {
          return std::make_unique<ReactorSource>(house_.reactor, id_);
        });
    recording_ = std::make_unique<Worker>("recorder", house.clock,
                                          [this](std::stop_token s, Heartbeat& b) { recorder_->run(s, b); });
    reading_ = std::make_unique<Worker>("ingest", house.clock,
                                        [this](std::stop_token s, Heartbeat& b) { ingest_->run(s, b); });
  }

  const std::string& id() const { return id_; }
  // As at a stop of the daemon.
  void stop() {
    reading_.reset();
    recording_.reset();
  }

  // After stop().
  std::uint64_t frames_on_disk() const {
    std::uint64_t frames = 0;
    for (const auto& finished : all<record::SegmentFinished>()) {
      const auto found = record::scan_segment(house_.folder.path() / finished.file);
      EXPECT_TRUE(found) << finished.file;
      if (found) frames += found->frames;
    }
    return frames;
  }
  std::vector<event::GapCause> finished_gaps() const {
    std::vector<event::GapCause> causes;
    for (const auto& gap : all<record::GapNote>())
      if (gap.end) causes.push_back(gap.cause);
    return causes;
  }

 private:
  template <class Note>
  std::vector<Note> all() const {
    std::vector<Note> found;
    for (const auto& note : notes_)
      if (const auto* one = std::get_if<Note>(&note)) found.push_back(*one);
    return found;
  }
  camera::CameraOptions camera_options() const {
    camera::CameraOptions options;
    options.id = id_;
    options.url = "rtsp://" + id_ + "/main";
    return options;
  }
  record::RecorderOptions recorder_options() const {
    record::RecorderOptions options;
    options.camera_id = id_;
    options.mode = record::Mode::continuous;
    options.recording.folder = house_.folder.path();
    options.boot_id = "0a1b2c3d-0000-4000-8000-000000000000";
    return options;
  }
  record::Recorder::Ports ports() {
    record::Recorder::Ports made;
    made.tell = [this](record::RecordNote note) { notes_.push_back(std::move(note)); };
    made.volume = [this] { return Result<std::shared_ptr<const record::Volume>>(house_.volume); };
    made.wall = [this](MonotonicTime) { return std::optional(house_.clock.wall()); };
    return made;
  }
  camera::Ingest::Outputs outputs() {
    camera::Ingest::Outputs made;
    made.packet = [this](const media::PacketPtr& packet) {
      {
        const std::lock_guard lock(house_.mutex);
        house_.pushers.insert(std::this_thread::get_id());
      }
      recorder_->queue().push(packet);
    };
    made.gone = [this](event::GapCause cause, MonotonicTime at) {
      recorder_->queue().push(record::CameraGone{cause, at});
    };
    return made;
  }

  House& house_;
  const std::string id_;
  std::vector<record::RecordNote> notes_;  // recorder's thread, while it runs
  std::unique_ptr<record::Recorder> recorder_;
  std::unique_ptr<camera::Ingest> ingest_;
  std::unique_ptr<Worker> recording_;
  std::unique_ptr<Worker> reading_;
};

TEST(OneReactor, ReadsSeveralCamerasThatAreRecordedAndReconnected) {
  auto clip = media::test::encode_clip({.frames = 20 * fps, .fps = fps, .keyframe_interval = fps});
  if (!clip) GTEST_SKIP() << "libavcodec has no H.264 encoder here";
  House house(std::move(*clip));
  ASSERT_TRUE(house.volume);
  std::vector<std::unique_ptr<RecordedCamera>> cameras;
  for (const auto* id : {"back", "front", "gate", "yard"})
    cameras.push_back(std::make_unique<RecordedCamera>(house, id));
  const auto all_have = [&](std::uint64_t packets) {
    return eventually([&] {
      return std::all_of(cameras.begin(), cameras.end(),
                         [&](const auto& camera) { return house.reactor.pushed(camera->id()) >= packets; });
    });
  };
  ASSERT_TRUE(all_have(3 * fps));
  house.reactor.hang_up("yard");
  ASSERT_TRUE(all_have(6 * fps));
  for (auto& camera : cameras) camera->stop();

  EXPECT_EQ(house.pushers.size(), 1U);
  for (const auto& camera : cameras) {
    EXPECT_EQ(camera->frames_on_disk(), house.reactor.pushed(camera->id())) << camera->id();
    const auto gaps = camera->finished_gaps();
    if (camera->id() == "yard")
      EXPECT_THAT(gaps, testing::ElementsAre(event::GapCause::eof));
    else
      EXPECT_THAT(gaps, testing::IsEmpty()) << camera->id();
  }
}

}  // namespace
}  // namespace porchlight::pipeline
