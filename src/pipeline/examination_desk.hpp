// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "pipeline/inference_meter.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/pipeline/examination.hpp"

namespace porchlight::pipeline {

// Photographs that somebody sent.
using ExaminationQueue = MpscRing<Examination, QueueName::face_detection, Overflow::refuse>;

// Where they wait, and how one is looked at. Each is a job for the networks from when it is brought on.
// Vision thread, but for what says any thread.
class ExaminationDesk {
 public:
  // Both outlive the desk; `vision` is woken by each photograph.
  ExaminationDesk(Wakeup& vision, InferenceMeter& meter);

  // Any thread. unavailable: too many wait; the answer is not called then.
  Status bring(Examination examination);
  const ExaminationQueue& queue() const noexcept { return queue_; }

  bool waiting() const noexcept { return next_ || !queue_.empty(); }
  // One came while none was put aside.
  bool fresh() const noexcept { return !next_ && !queue_.empty(); }
  // Who waited too long hears so.
  void turn_late_away(MonotonicTime now);
  // Looks at the next one. It is put aside, and stays the next, when `go_on` says no.
  void serve(vision::FaceEngine& engine, const vision::Gallery& gallery, float threshold,
             const vision::FaceEngine::GoOn& go_on);
  // Also the main thread, while nothing runs the vision lane.
  void refuse_all(const Error& why, InferenceMeter::End how);

 private:
  void answer(Examined examined);

  InferenceMeter& meter_;
  ExaminationQueue queue_;
  std::optional<Examination> next_;
};

}  // namespace porchlight::pipeline
