// SPDX-License-Identifier: Apache-2.0
// The one place where a camera's fault meets its vocabularies: docs/cameras.md shows this table.
#pragma once

#include <array>
#include <string_view>

#include "porchlight/base/result.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/event/gap_cause.hpp"

namespace porchlight::camera {

struct FaultRow {
  event::CameraFault fault;
  ConnectionState state;        // camera_connection_state{status}
  std::string_view reason;      // camera_reconnects_total{reason}
  std::string_view error_type;  // errors_total{component="ingest", error_type}
  event::GapCause gap;          // of the ledger
  std::string_view meaning;
};

inline constexpr std::array<FaultRow, 6> fault_table{{
    {event::CameraFault::timeout, ConnectionState::stalled, "timeout", "timeout", event::GapCause::timeout,
     "no packet for `stall`"},
    {event::CameraFault::stalled, ConnectionState::stalled, "timeout", "timeout", event::GapCause::stalled,
     "packets arrive, but no picture came out for `stall`"},
    {event::CameraFault::eof, ConnectionState::connecting, "eof", "io", event::GapCause::eof,
     "the camera, the file or the program ended the stream"},
    {event::CameraFault::auth, ConnectionState::auth_failed, "auth", "auth", event::GapCause::auth,
     "user or password refused, or the camera's certificate"},
    {event::CameraFault::network, ConnectionState::unreachable, "network", "network",
     event::GapCause::network,
     "not reached within 10 s, connection broken, or nothing at this address; device gone or in use"},
    {event::CameraFault::protocol, ConnectionState::protocol_error, "protocol", "io",
     event::GapCause::protocol, "what comes is not what RTSP, the file or the program's format demands"},
}};

const FaultRow& row_of(event::CameraFault fault) noexcept;
// What a source's error means.
event::CameraFault fault_of(ErrorCode code) noexcept;

}  // namespace porchlight::camera
