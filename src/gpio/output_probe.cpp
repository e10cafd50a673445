// SPDX-License-Identifier: Apache-2.0
#include "gpio/chip_lookup.hpp"
#include "gpio/line.hpp"
#include "gpio/output_line.hpp"
#include "porchlight/gpio/probe.hpp"

namespace porchlight::gpio {
namespace {

bool is_line_of(const ButtonOptions& button, const FoundLine& line) {
  if (!button.enabled || button.kind != ButtonKind::gpio) return false;
  const auto found = find_line(button.chip, button.line);
  return found && found->chip_path == line.chip_path && found->offset == line.offset;
}

}  // namespace

Result<OutputProbe> probe_output(const OutputOptions& options, const std::vector<ButtonOptions>& buttons) {
  const auto found = find_line(options.chip, options.line);
  if (!found) return found.error();
  for (const auto& button : buttons)
    if (is_line_of(button, *found))
      return Error(ErrorCode::already_exists,
                   "use " + found->text + ": it is the line of the button '" + button.id + "'");
  if (const auto user = user_of(*found); !user.empty())
    return Error(ErrorCode::already_exists, "use " + found->text + ": in use by '" + user + "'");
  return OutputProbe{found->chip_path, found->text, capabilities(options.backend).name};
}

Status rest_output(const OutputOptions& options) {
  const auto found = find_line(options.chip, options.line);
  if (!found) return found.error();
  auto line = open_output_line(options.backend, {found->chip_path, found->offset, options.active_low});
  if (!line) return with_user(std::move(line).error(), *found);
  return {};
}

}  // namespace porchlight::gpio
