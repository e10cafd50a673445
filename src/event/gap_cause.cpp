// SPDX-License-Identifier: Apache-2.0
#include "porchlight/event/gap_cause.hpp"

namespace porchlight::event {

std::string_view to_string(GapCause cause) noexcept {
  switch (cause) {
    case GapCause::timeout:
      return "timeout";
    case GapCause::eof:
      return "eof";
    case GapCause::auth:
      return "auth";
    case GapCause::network:
      return "network";
    case GapCause::protocol:
      return "protocol";
    case GapCause::stalled:
      return "stalled";
    case GapCause::lost_packets:
      return "lost_packets";
    case GapCause::undecodable:
      return "undecodable";
    case GapCause::codec:
      return "codec";
    case GapCause::overload:
      return "overload";
    case GapCause::disk_full:
      return "disk_full";
    case GapCause::disk_error:
      return "disk_error";
    case GapCause::volume:
      return "volume";
    case GapCause::configuration:
      return "configuration";
    case GapCause::stopped:
      return "stopped";
    case GapCause::crash:
      return "crash";
    case GapCause::power_cut:
      return "power_cut";
    case GapCause::damaged:
      return "damaged";
  }
  return "?";
}

std::optional<GapCause> gap_cause(std::string_view word) noexcept {
  for (const auto cause : gap_causes)
    if (to_string(cause) == word) return cause;
  return std::nullopt;
}

}  // namespace porchlight::event
