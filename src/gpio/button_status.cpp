// SPDX-License-Identifier: Apache-2.0
#include "gpio/line_trouble.hpp"

namespace porchlight::gpio {

std::string_view to_string(ButtonState state) noexcept {
  switch (state) {
    case ButtonState::idle:
      return "idle";
    case ButtonState::pressed:
      return "pressed";
    case ButtonState::held:
      return "held";
    case ButtonState::stuck:
      return "stuck";
    case ButtonState::degraded:
      return "degraded";
    case ButtonState::disabled:
      return "disabled";
  }
  return "degraded";
}

LineTrouble trouble_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::not_found:
      return LineTrouble::absent;
    case ErrorCode::already_exists:
      return LineTrouble::busy;
    case ErrorCode::permission_denied:
      return LineTrouble::permission;
    case ErrorCode::invalid_argument:
      return LineTrouble::wrong_line;
    default:
      return LineTrouble::failed;
  }
}

std::string_view to_string(LineTrouble trouble) noexcept {
  switch (trouble) {
    case LineTrouble::none:
      return "none";
    case LineTrouble::not_opened:
      return "not opened yet";
    case LineTrouble::absent:
      return "the GPIO chip or line is not there, trying again";
    case LineTrouble::busy:
      return "the line is used by another program, trying again";
    case LineTrouble::permission:
      return "the GPIO chip may not be opened, trying again (is the user in group gpio?)";
    case LineTrouble::wrong_line:
      return "the chip has no such line, trying again";
    case LineTrouble::failed:
      return "the line cannot be read, trying again";
  }
  return "the line cannot be read, trying again";
}

std::string ButtonStatus::text() const {
  auto text = id + ": " + std::string(to_string(state));
  if (state == ButtonState::degraded) text += " (" + std::string(to_string(reason)) + ")";
  text += ", " + backend + ", " + std::to_string(presses) + (presses == 1 ? " ring" : " rings");
  if (kind != ButtonKind::gpio) return text;
  return text + ", lost edges " + (lost_edges ? std::to_string(*lost_edges) : "unknown");
}

}  // namespace porchlight::gpio
