// SPDX-License-Identifier: Apache-2.0
#include "gpio/button_lines.hpp"
#include "gpio/chip_lookup.hpp"
#include "gpio/line.hpp"
#include "gpio/output_line.hpp"
#include "porchlight/gpio/probe.hpp"

namespace porchlight::gpio {
Result<OutputProbe> probe_output(const OutputOptions& options, const std::vector<ButtonOptions>& buttons) {
  const auto found = find_line(options.chip, options.line);
  if (!found) return found.error();
  if (auto free = free_of_buttons(*found, buttons); !free) return free.error();
  if (const auto user = user_of(*found); !user.empty())
    return Error(ErrorCode::already_exists, "use " + found->text + ": in use by '" + user + "'");
  return OutputProbe{found->chip_path, found->text, capabilities(options.backend).name};
}

Status rest_output(const OutputOptions& options, const std::vector<ButtonOptions>& buttons) {
  const auto found = find_line(options.chip, options.line);
  if (!found) return found.error();
  if (auto free = free_of_buttons(*found, buttons); !free) return free;
  auto line = open_output_line(options.backend, {found->chip_path, found->offset, options.active_low});
  if (!line) return with_user(std::move(line).error(), *found);
  return {};
}

}  // namespace porchlight::gpio
