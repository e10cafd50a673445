// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/queue.hpp"

namespace porchlight {

std::string_view to_string(QueueName name) noexcept {
  switch (name) {
    case QueueName::frame_capture:
      return "frame_capture";
    case QueueName::motion_detection:
      return "motion_detection";
    case QueueName::face_detection:
      return "face_detection";
    case QueueName::recognition:
      return "recognition";
    case QueueName::event_processing:
      return "event_processing";
    case QueueName::recording:
      return "recording";
    case QueueName::notification:
      return "notification";
    case QueueName::button:
      return "button";
    case QueueName::output:
      return "output";
    case QueueName::viewer:
      return "viewer";
    case QueueName::log:
      return "log";
  }
  return "other";
}

}  // namespace porchlight
