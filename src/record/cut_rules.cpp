// SPDX-License-Identifier: Apache-2.0
#include "record/cut_rules.hpp"

#include "record/packet_time.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
// How far the camera's time may be from ours within a segment: by a step, or little by little.
constexpr std::chrono::nanoseconds tolerance = 1s;

}  // namespace

CutRules::CutRules(const media::Packet& first, std::chrono::milliseconds segment)
    : segment_(segment),
      stream_(first.stream),
      first_arrived_(first.arrived),
      first_time_(decode_time(first)),
      parameters_(parameter_sets(first)),
      arrived_(first.arrived),
      time_(first_time_) {}

CutRules::Verdict CutRules::judge(const media::Packet& picture) {
  const bool continues = fits(picture) && !(picture.keyframe && is_due(picture));
  arrived_ = picture.arrived;
  time_ = decode_time(picture);
  if (continues) return Verdict::goes_on;
  return picture.keyframe ? Verdict::cut : Verdict::broken;
}

bool CutRules::no(const char* reason) {
  reason_ = reason;
  return false;
}

bool CutRules::fits(const media::Packet& picture) {
  if (!same_coding(*picture.stream, *stream_)) return no("the stream changed");
  const auto time = decode_time(picture);
  if (!time || !time_) return true;
  if (*time < *time_) return no("timestamps went back");
  // Late arrival is no jump: after a hitch of the network the camera's time is the better one.
  if ((*time - *time_) - (picture.arrived - arrived_) > tolerance) return no("timestamps jumped");
  return true;
}

bool CutRules::is_due(const media::Packet& keyframe) {
  const auto passed = keyframe.arrived - first_arrived_;
  const auto time = decode_time(keyframe);
  const auto lasted = time && first_time_ ? *time - *first_time_ : passed;
  if (lasted >= segment_) return !no("its time is over");
  if (std::chrono::abs(lasted - passed) > tolerance) return !no("timestamps drifted");
  if (const auto sets = parameter_sets(keyframe); !sets.empty() && sets != parameters_)
    return !no("the parameters changed");
  return false;
}

}  // namespace porchlight::record
