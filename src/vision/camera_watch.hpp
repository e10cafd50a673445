// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "instruments.hpp"
#include "porchlight/vision/calibration.hpp"
#include "porchlight/vision/watcher.hpp"
#include "visit.hpp"

namespace porchlight::vision {

struct WatchDesk {
  FaceEngine& engine;
  GalleryPtr gallery;
  WatchOptions options;
  const Clock& clock;
  AnswerInstruments answers;
  RefusalInstruments refusals;
  telemetry::Gauge known_faces;
  Calibration calibration{};  // of the gallery

  float threshold() const noexcept { return calibration.threshold; }
};

class CameraWatch {
 public:
  CameraWatch(std::string camera, WatchDesk& desk) : camera_(std::move(camera)), desk_(desk) {}

  Result<std::vector<Seen>> on_frame(const media::FramePtr& frame, bool search);
  Watcher::Due due() const noexcept;
  std::vector<Seen> tick();
  std::vector<Seen> give_up();
  std::vector<Seen> expect_ring(const event::Ring& ring, MonotonicTime deadline);
  void gallery_changed();
  bool busy() const noexcept { return !visits_.empty() || !rings_.empty(); }
  bool ring_waits() const noexcept { return !rings_.empty(); }
  // Of the one that has waited longest; all zero when none waits.
  event::TraceContext ring_trace() const noexcept {
    return rings_.empty() ? event::TraceContext{} : rings_.front().ring.header.trace;
  }

 private:
  struct WaitingRing {
    event::Ring ring;
    MonotonicTime deadline;
  };
  using Visits = std::vector<Visit>;

  // Frames (camera_watch.cpp).
  bool in_a_hurry() const noexcept;
  Status look(const media::FramePtr& frame, MonotonicTime now);
  Status follow(const media::Frame& frame, MonotonicTime now);
  Status scale_grey(const media::Frame& frame);
  void associate(const std::vector<Face>& faces, MonotonicTime now);
  Visit* nearest_visit(const Face& face, MonotonicTime now);
  void restart_trackers(MonotonicTime now);
  Status shoot(const media::FramePtr& frame, MonotonicTime now);
  Visit* next_to_shoot(MonotonicTime now);
  void take_shot(Visit& visit, const Embedding& embedding, const Chip& chip, const media::FramePtr& frame,
                 MonotonicTime now);
  Visit* returning(const Visit& visit, const Embedding& embedding, MonotonicTime now);
  Visit* rejoin(Visit& back, Visit& visit);
  Visit* succeed(Visit& visit, MonotonicTime now);

  // Faces (camera_faces.cpp).
  Result<std::vector<Face>> detect(const media::Frame& frame, MonotonicTime now);
  bool covers_seen(const Face& face, MonotonicTime now) const;
  void note_neighbours(MonotonicTime now);
  // True: the picture is too poor to be compared.
  bool refuse(Visit& visit, const Chip& chip, const media::FramePtr& frame, MonotonicTime now);

  // Answers (camera_answers.cpp).
  std::vector<Seen> settle(MonotonicTime now);
  void decide_visits(MonotonicTime now, std::vector<Seen>& out);
  void end_visits(MonotonicTime now, std::vector<Seen>& out);
  bool over(const Visit& visit, MonotonicTime now) const;
  void answer_rings(MonotonicTime now, std::vector<Seen>& out);
  bool can_answer(MonotonicTime now) const;
  bool named_already(const Visit& visit) const;
  Seen answer(const WaitingRing& waiting, MonotonicTime now);
  const Visit* who_matters(MonotonicTime now) const;
  bool first_alert_of(std::uint64_t visit);
  Seen report(const Visit* visit, const Identity& identity, const event::Ring* ring);

  const std::string camera_;
  WatchDesk& desk_;
  Visits visits_;
  std::vector<WaitingRing> rings_;
  std::uint64_t last_number_ = 0;
  std::deque<std::uint64_t> alerted_;  // the newest visits that raised an alert
  MonotonicTime last_frame_{};
  MonotonicTime last_detection_{};
  std::optional<MonotonicTime> last_too_small_;  // a face that is not looked at, while a ring waited
  MonotonicTime last_follow_{};
  media::Scaler grey_scaler_{media::PixelLayout::grey};
  media::Image grey_;
  float grey_scale_ = 1;  // grey pixels per frame pixel
};

}  // namespace porchlight::vision
