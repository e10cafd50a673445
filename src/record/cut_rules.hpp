// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "porchlight/media/packet.hpp"

namespace porchlight::record {

// Where one segment ends, as far as the packets themselves say. Its first picture was a keyframe.
class CutRules {
 public:
  // `segment`: after so much the next keyframe begins another one.
  CutRules(const media::Packet& first, std::chrono::milliseconds segment);

  enum class Verdict : std::uint8_t {
    goes_on,  // the picture belongs into the segment
    cut,      // it is a keyframe, and the first of the next segment; nothing is missing between them
    broken,   // it cannot stand in this segment and cannot begin one
  };
  Verdict judge(const media::Packet& picture);
  // Of the last verdict that was not goes_on; for people.
  const std::string& reason() const noexcept { return reason_; }

 private:
  bool fits(const media::Packet& picture);
  bool is_due(const media::Packet& keyframe);
  bool no(const char* reason);

  // const after construction
  const std::chrono::milliseconds segment_;
  const std::shared_ptr<const media::StreamInfo> stream_;
  const MonotonicTime first_arrived_;
  const std::optional<std::chrono::nanoseconds> first_time_;
  const std::string parameters_;
  // of the picture before
  MonotonicTime arrived_;
  std::optional<std::chrono::nanoseconds> time_;
  std::string reason_;
};

}  // namespace porchlight::record
