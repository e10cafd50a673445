// SPDX-License-Identifier: Apache-2.0
#include "gpio/button_lines.hpp"

namespace porchlight::gpio {
namespace {

bool is_line_of(const ButtonOptions& button, const FoundLine& line) {
  if (!button.enabled || button.kind != ButtonKind::gpio) return false;
  const auto found = find_line(button.chip, button.line);
  return found && found->chip_path == line.chip_path && found->offset == line.offset;
}

}  // namespace

Status free_of_buttons(const FoundLine& line, const std::vector<ButtonOptions>& buttons) {
  for (const auto& button : buttons)
    if (is_line_of(button, line))
      return Error(ErrorCode::already_exists,
                   "use " + line.text + ": it is the line of the button '" + button.id + "'");
  return {};
}

}  // namespace porchlight::gpio
