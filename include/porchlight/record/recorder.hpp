// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/event/gap_cause.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/record/options.hpp"
#include "porchlight/record/volume.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::record {

enum class Mode : std::uint8_t { off, events, continuous };

// The connection's side of the ledger, in the order in which it happened among the packets.
struct CameraGone {
  event::GapCause cause = event::GapCause::network;
  MonotonicTime at{};
};
// Pictures that the transport knows to be missing before the next packet.
struct PicturesLost {
  std::uint64_t pictures = 0;
  MonotonicTime at{};
};
// What the queue could not take, in its place among the items: from the first packet left out to the last.
struct LeftOut {
  std::uint64_t packets = 0;
  MonotonicTime from{};  // arrival
  MonotonicTime to{};
};
using RecordItem = std::variant<std::monostate, media::PacketPtr, CameraGone, PicturesLost, LeftOut>;

// From the ingest thread (producer) to the recorder (consumer), bounded by number and bytes. Never drops
// silently: what does not fit goes, up to the next keyframe that fits, and a LeftOut stands in its place.
// Does not wake the recorder for each packet: that looks by itself (see Recorder), and is woken when the
// queue is more than half full or the camera goes.
//
// Memory order: the ring publishes the items; `bytes` is a relaxed counter, raised before push and lowered
// after pop, so the producer can only see too much of it.
class RecordQueue {
 public:
  struct Limits {
    std::size_t items = 1024;
    std::size_t bytes = std::size_t{16} << 20;
  };
  static constexpr QueueName name = QueueName::recording;

  static Result<std::unique_ptr<RecordQueue>> create() { return create(Limits{}); }
  static Result<std::unique_ptr<RecordQueue>> create(Limits limits);
  ~RecordQueue();

  void push(RecordItem item);       // producer thread
  std::optional<RecordItem> pop();  // consumer thread
  // What was left out behind the last item and is not said yet, because nothing was pushed since. Any thread;
  // all there is once the producer has ended.
  std::optional<LeftOut> owed() const noexcept;
  Wakeup& wakeup() noexcept;  // consumer thread
  // Any thread; a moment's view.
  bool wants_attention() const noexcept;  // more than half full, or the camera went
  std::size_t size() const noexcept;
  std::size_t capacity() const noexcept;
  std::size_t bytes() const noexcept;
  std::uint64_t dropped() const noexcept;

 private:
  struct State;
  explicit RecordQueue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What a recorder tells the footage lane. All times are the machine's monotonic clock.
struct SegmentBegun {
  std::string camera_id;
  std::string file;  // beneath the volume's folder, without .part
  MonotonicTime begin{};
  std::string codec;
  std::string audio_codec;
  int width = 0;
  int height = 0;
};
struct SegmentGrown {  // this much is on the medium
  std::string camera_id;
  std::string file;
  MonotonicTime end{};
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;
};
struct SegmentFinished {
  std::string camera_id;
  std::string file;
  MonotonicTime end{};
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;
  std::uint32_t crc = 0;
  bool whole = true;  // false: its writing failed; what is on the medium has to be made out (heal_segment)
};
// A gap is told when it begins and, under the same camera and begin, when it ends.
struct GapNote {
  std::string camera_id;
  event::GapCause cause = event::GapCause::network;
  std::string detail;
  MonotonicTime begin{};
  std::optional<MonotonicTime> end;
};
// Footage that an event wants kept: [begin, end) as it was really recorded or will be.
struct SpanNote {
  std::string camera_id;
  event::EventId event;
  MonotonicTime begin{};
  MonotonicTime end{};
};
using RecordNote =
    std::variant<std::monostate, SegmentBegun, SegmentGrown, SegmentFinished, GapNote, SpanNote>;

// Something happened before the camera: keep what was before and after it. The same event may be told again
// while it lasts.
struct Trigger {
  event::EventId event;
  MonotonicTime at{};
  bool lasts = false;  // until it is told again with false
};

struct RecorderOptions {
  std::string camera_id;
  Mode mode = Mode::off;
  bool audio = true;
  RecordOptions recording;
  std::string boot_id;
  std::string version;  // of the program
  // When the recorder before this one, of the same camera, left off: what lies between is a gap.
  std::optional<MonotonicTime> since{};
};

// One camera's recorder. Everything that touches the disk happens in run(), on one thread; ingest only pushes
// into the queue. Every 200 ms, and at once when something came while a sync ran, it takes what waits; when
// there is 0.8 s of it, all is written and synced. A crash costs what the running sync is about and what came
// since it began: a second more than it lasts, at most twice as long as it lasts where that is more.
class Recorder {
 public:
  struct Ports {
    std::function<void(RecordNote)> tell;  // recorder's thread; never blocks, never fails
    // The volume that may be written now, or why there is none (unavailable: it is not known yet; the gap
    // that goes on stays what it is). Recorder's thread, each time a segment begins.
    std::function<Result<std::shared_ptr<const Volume>>()> volume;
    // Wall time of an instant, when the clock is believed. Recorder's thread.
    std::function<std::optional<WallTime>(MonotonicTime)> wall;
    // A write found no space: asks for some; called at most once a second. Recorder's thread; does not wait.
    std::function<void()> make_room;
  };
  static Result<std::unique_ptr<Recorder>> create(RecorderOptions options, Clock& clock,
                                                  telemetry::Metrics& metrics, Ports ports);
  ~Recorder();

  RecordQueue& queue() noexcept;         // one producer: the ingest thread
  bool trigger(const Trigger& trigger);  // one producer: the event lane. False: too many wait (counted)
  void run(std::stop_token stop, Heartbeat& heartbeat);
  // Any thread.
  bool active() const noexcept;                            // a segment is being written
  std::chrono::nanoseconds longest_sync() const noexcept;  // of those that have ended
  std::uint64_t triggers_dropped() const noexcept;
  // After run() ended: up to when everything stands in a segment or in the ledger. Nothing: it never ran.
  std::optional<MonotonicTime> accounted_until() const;
  // After run() ended: the camera leaves the configuration.
  void retire();

 private:
  struct State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::record
