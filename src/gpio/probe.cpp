// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/probe.hpp"

#include "gpio/chip_lookup.hpp"
#include "gpio/line.hpp"

namespace porchlight::gpio {
namespace {

// A weak pull-up needs its time on a long cable.
constexpr std::chrono::milliseconds settle_time{20};

}  // namespace

Result<LineProbe> probe_line(const ButtonOptions& options, Clock& clock) {
  const auto found = find_line(options.chip, options.line);
  if (!found) return found.error();
  const LineRequest request{found->chip_path, found->offset, options.active_low, options.bias};
  auto line = open_line(options.backend, request);
  if (!line) return with_user(std::move(line).error(), *found);
  clock.sleep_for(settle_time, {});
  const auto active = (*line)->active();
  if (!active) return active.error();
  const auto able = capabilities(options.backend);
  return LineProbe{found->chip_path, found->text, able.name, *active, able.sequence_numbers};
}

}  // namespace porchlight::gpio
