// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

namespace porchlight::camera {

const FaultRow& row_of(event::CameraFault fault) noexcept {
  for (const FaultRow& row : fault_table)
    if (row.fault == fault) return row;
  return fault_table.back();
}

event::CameraFault fault_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::cancelled:
      return event::CameraFault::stalled;  // the ingest itself gave up
    case ErrorCode::timeout:
      return event::CameraFault::timeout;
    case ErrorCode::end_of_stream:
      return event::CameraFault::eof;
    case ErrorCode::auth:
      return event::CameraFault::auth;
    case ErrorCode::network:
    case ErrorCode::io:
    case ErrorCode::unavailable:
    case ErrorCode::permission_denied:
    case ErrorCode::not_found:
      return event::CameraFault::network;
    default:
      return event::CameraFault::protocol;
  }
}

std::string_view to_string(ConnectionState state) noexcept {
  switch (state) {
    case ConnectionState::connecting:
      return "connecting";
    case ConnectionState::connected:
      return "connected";
    case ConnectionState::auth_failed:
      return "auth_failed";
    case ConnectionState::unreachable:
      return "unreachable";
    case ConnectionState::stalled:
      return "stalled";
    case ConnectionState::protocol_error:
      return "protocol_error";
    case ConnectionState::disabled:
      return "disabled";
  }
  return "disabled";
}

}  // namespace porchlight::camera
