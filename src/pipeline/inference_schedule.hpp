// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "pipeline/inference_meter.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::pipeline {

// Which camera's picture is searched for faces next. Policy only: it knows no network, no thread and no
// clock.
//
// - A camera whose ring waits comes first; when `rings_in_a_row` of its looks have been served while others
//   waited, one of them has its turn, so that who leans on the button blinds no other camera.
// - Else whoever has not had a turn for longest.
// - One picture of a camera waits, the newest; the one it replaces ends as dropped.
// - A picture past its deadline is not searched: timeout.
// - When more is due than fits into `share` of the thread, cameras at rest are searched less often, all of
//   them equally, but never more rarely than every `longest_rest`. Each search that is left out for that
//   reason is a job that ends as dropped.
class InferenceSchedule {
 public:
  struct Limits {
    std::chrono::nanoseconds rest_pace =
        std::chrono::milliseconds(400);  // of a camera at rest, with time enough
    std::chrono::nanoseconds awaited_pace = std::chrono::milliseconds(200);
    std::chrono::nanoseconds longest_rest = std::chrono::seconds(4);
    double share = 0.75;       // of the thread's time, for searches
    double least_share = 0.1;  // of cameras at rest, however busy the others are
    int rings_in_a_row = 8;
  };
  // At rest: nobody undecided is before the camera.
  enum class Standing : std::uint8_t { at_rest, awaited };

  struct Look {
    std::string camera;
    media::FramePtr frame;
  };
  using RingWaits = std::function<bool(const std::string& camera)>;

  explicit InferenceSchedule(InferenceMeter& meter) : InferenceSchedule(meter, Limits{}) {}
  InferenceSchedule(InferenceMeter& meter, const Limits& limits) : meter_(meter), limits_(limits) {}

  // A picture whose camera is due. False: it is left out, there is no time for it.
  bool offer(const std::string& camera, media::FramePtr frame, Standing standing, MonotonicTime now,
             MonotonicTime deadline);
  // Whose turn it is. The caller books the work (InferenceMeter::Work) and says what it cost.
  std::optional<Look> next(MonotonicTime now, const RingWaits& ring_waits);
  void cost(std::chrono::nanoseconds took) noexcept;

  void forget(const std::string& camera);
  void clear();
  bool empty() const noexcept { return waiting_ == 0; }

  // Something else may have a turn: nothing waits, or each camera could have had one since the last time.
  bool others_turn() const noexcept { return waiting_ == 0 || since_others_ >= places_.size(); }
  void others_served() noexcept { since_others_ = 0; }

  // How often cameras at rest are searched at the moment.
  std::chrono::nanoseconds rest_pace(MonotonicTime now) const;

 private:
  struct Job {
    media::FramePtr frame;
    MonotonicTime deadline;
  };
  struct Place {
    std::optional<Job> job;
    Standing standing = Standing::at_rest;
    MonotonicTime offered{};
    std::optional<MonotonicTime> served;
    std::optional<MonotonicTime> left_out;
    std::uint64_t turn = 0;  // of all cameras' looks; 0: never
  };
  using Places = std::map<std::string, Place>;

  bool leave_out(Place& place, MonotonicTime now);
  void drop_late(MonotonicTime now);
  Places::iterator choose(const RingWaits& ring_waits);
  void end(Place& place, InferenceMeter::End how);

  InferenceMeter& meter_;
  const Limits limits_;
  Places places_;
  std::size_t waiting_ = 0;
  std::size_t since_others_ = 0;
  std::uint64_t turns_ = 0;
  int rings_served_ = 0;
  double cost_ = 0;  // seconds a look, a moving mean
};

}  // namespace porchlight::pipeline
