// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace porchlight::event {

// Why time that should have been recorded was not. The words are stored in the ledger, stand in the API and
// are the label `cause` of recording_gap_seconds_by_cause_total; docs/cameras.md maps those of a lost camera
// to its states and faults.
enum class GapCause : std::uint8_t {
  // the camera, as CameraFault
  timeout,
  eof,
  auth,
  network,
  protocol,
  stalled,
  // on the way
  lost_packets,  // the transport knows that pictures are missing
  undecodable,   // pictures came whose keyframe was missing
  codec,         // what the camera sends cannot be put into a segment
  // here
  overload,       // the recorder did not keep up: whole groups of pictures were left out
  disk_full,      // no space, and nothing that may be deleted
  disk_error,     // a write or a sync failed: what it was to keep counts as lost
  volume,         // the recordings' volume is missing, read-only, or another one
  configuration,  // the camera was being set up anew
  stopped,        // the daemon had been told to end
  crash,          // the daemon ended without saying so, the machine ran on
  power_cut,      // the machine began anew without the daemon's having been told to end
  damaged,        // a segment that was there cannot be read any more
};
inline constexpr std::array gap_causes{GapCause::timeout,      GapCause::eof,           GapCause::auth,
                                       GapCause::network,      GapCause::protocol,      GapCause::stalled,
                                       GapCause::lost_packets, GapCause::undecodable,   GapCause::codec,
                                       GapCause::overload,     GapCause::disk_full,     GapCause::disk_error,
                                       GapCause::volume,       GapCause::configuration, GapCause::stopped,
                                       GapCause::crash,        GapCause::power_cut,     GapCause::damaged};

std::string_view to_string(GapCause cause) noexcept;
std::optional<GapCause> gap_cause(std::string_view word) noexcept;

}  // namespace porchlight::event
