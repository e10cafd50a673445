// SPDX-License-Identifier: Apache-2.0
// The recorder on a thread of its own, by the machine's clock.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "porchlight/base/worker.hpp"
#include "record/recording_rig.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

struct Running {
  explicit Running(test::RecordingRig& pictures) : rig(pictures) {
    RecorderOptions options;
    options.camera_id = "front";
    options.mode = Mode::continuous;
    options.recording.folder = rig.folder.path();
    options.boot_id = "0a1b2c3d-0000-4000-8000-000000000000";
    Recorder::Ports ports;
    ports.tell = [this](RecordNote note) {
      const std::lock_guard lock(mutex);
      notes.push_back(std::move(note));
    };
    ports.volume = rig.volume;
    ports.wall = [this](MonotonicTime) { return std::optional(clock.wall()); };
    auto made = Recorder::create(std::move(options), clock, rig.metrics, std::move(ports));
    EXPECT_TRUE(made);
    recorder = std::move(*made);
    worker = std::make_unique<Worker>("recorder", clock, [this](std::stop_token stop, Heartbeat& beat) {
      recorder->run(stop, beat);
      ended.store(true);
      SystemClock().sleep_for(10min, stop);
    });
  }

  template <class Note>
  std::optional<Note> first() {
    const std::lock_guard lock(mutex);
    for (const auto& note : notes)
      if (const auto* found = std::get_if<Note>(&note)) return *found;
    return std::nullopt;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 2'500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  void send(int pictures) {
    for (int i = 0; i < pictures; ++i) {
      auto packet = std::make_shared<media::Packet>(*rig.next());
      // As a steady camera would send it: a busy machine must not make it drift.
      packet->arrived = begun + sent++ * test::RecordingRig::picture_time;
      recorder->queue().push(media::PacketPtr(packet));
      std::this_thread::sleep_for(5ms);
    }
  }

  test::RecordingRig& rig;
  SystemClock clock;
  const MonotonicTime begun = clock.now();
  int sent = 0;
  std::mutex mutex;
  std::vector<RecordNote> notes;
  std::atomic<bool> ended{false};
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<Worker> worker;
};

TEST(Recorder, WritesWhatIsPushedAndFinishesAtAStop) {
  test::RecordingRig pictures(Mode::off);
  Running running(pictures);
  EXPECT_FALSE(running.recorder->active());
  running.send(100);
  ASSERT_TRUE(Running::eventually([&] { return running.first<SegmentBegun>().has_value(); }));
  EXPECT_TRUE(running.recorder->active());
  running.send(30);
  running.worker->request_stop();
  ASSERT_TRUE(Running::eventually([&] { return running.ended.load(); }));
  running.worker->join();
  EXPECT_FALSE(running.recorder->active());
  const auto finished = running.first<SegmentFinished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->frames, 130U) << "what waited in the queue, too";
  const auto found = pictures.scan(finished->file);
  EXPECT_EQ(found.frames, 130U);
  ASSERT_TRUE(found.tail);
  EXPECT_EQ(found.tail->crc, finished->crc);
  EXPECT_EQ(running.recorder->accounted_until(), finished->end);
}

TEST(Recorder, TellsAtItsEndWhatTheQueueLeftOutLast) {
  test::RecordingRig pictures(Mode::off);
  Running running(pictures);
  running.send(50);
  ASSERT_TRUE(Running::eventually([&] { return running.first<SegmentBegun>().has_value(); }));
  // More than the queue takes, while the recorder ends.
  auto big = std::make_shared<media::Packet>(*pictures.next());
  big->keyframe = false;
  big->size = std::size_t{17} << 20;
  big->arrived = running.begun + 50 * test::RecordingRig::picture_time;
  for (int i = 0; i < 100 && running.recorder->queue().dropped() == 0; ++i)
    running.recorder->queue().push(media::PacketPtr(big));
  ASSERT_TRUE(Running::eventually([&] { return running.recorder->queue().size() == 0; }));
  // Pictures are sent faster than they arrived: the gap begins a little later than now.
  std::this_thread::sleep_until(big->arrived + 500ms);
  ASSERT_TRUE(running.recorder->queue().owed());
  running.worker->request_stop();
  ASSERT_TRUE(Running::eventually([&] { return running.ended.load(); }));
  running.worker->join();
  const auto gap = running.first<GapNote>();
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->cause, event::GapCause::overload);
}

TEST(Recorder, HearsOfEventsAndOfTheCamerasEndAtOnce) {
  test::RecordingRig pictures(Mode::off);
  Running running(pictures);
  running.send(60);
  const auto id = event::EventId::generate(running.clock.wall());
  EXPECT_TRUE(running.recorder->trigger({id, running.clock.now(), false}));
  ASSERT_TRUE(Running::eventually([&] { return running.first<SpanNote>().has_value(); }));
  EXPECT_EQ(running.first<SpanNote>()->event, id);
  running.recorder->queue().push(CameraGone{event::GapCause::eof, running.clock.now()});
  ASSERT_TRUE(Running::eventually([&] { return running.first<SegmentFinished>().has_value(); }));
}

}  // namespace
}  // namespace porchlight::record
