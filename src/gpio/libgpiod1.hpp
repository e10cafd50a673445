// SPDX-License-Identifier: Apache-2.0
// What inputs and outputs over libgpiod 1 have in common.
#pragma once

#include <gpiod.h>

#include <cerrno>
#include <memory>

#include "porchlight/base/result.hpp"

namespace porchlight::gpio {

struct CloseChip {
  void operator()(gpiod_chip* chip) const noexcept { gpiod_chip_close(chip); }
};
using Chip = std::unique_ptr<gpiod_chip, CloseChip>;  // closing releases its lines

// The level of a requested line, after active_low.
inline Result<bool> libgpiod_level(gpiod_line* line) {
  const int value = gpiod_line_get_value(line);
  if (value < 0) return errno_error(errno, "read level");
  return value != 0;
}

}  // namespace porchlight::gpio
