// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/base/queue.hpp"
#include "porchlight/pipeline/examination.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::pipeline {

using ValidationQueue = MpscRing<ModelValidation, QueueName::face_detection, Overflow::refuse>;

// Where a health check waits that wants the loaded networks validated.
class ValidationDesk {
 public:
  // `vision` outlives the desk and is woken by each.
  explicit ValidationDesk(Wakeup& vision) : queue_(2, vision) {}

  // Any thread. unavailable: others wait; the answer is not called then.
  Status bring(ModelValidation validation);
  const ValidationQueue& queue() const noexcept { return queue_; }

  // Vision thread. `engine` null: no models are loaded, and that is the answer.
  void serve(vision::FaceEngine* engine);
  // Also the main thread, while nothing runs the vision lane.
  void refuse(const Error& why);

 private:
  ValidationQueue queue_;
};

}  // namespace porchlight::pipeline
