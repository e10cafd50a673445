// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/gpio/options.hpp"

namespace porchlight::gpio {

struct LineProbe {
  std::string chip_path;  // /dev/gpiochip0
  std::string place;      // for people: gpiochip0 (pinctrl-bcm2711) line 17 'GPIO17'
  std::string backend;    // "libgpiod 1.6.3", "uapi v2"
  bool pressed = false;
  bool tells_lost_edges = false;
};

// Finds a gpio button's line, requests it as the button lane would, reads its level and gives it back.
// not_found: no such chip or line; it may still come. invalid_argument: the chip has no such line.
// permission_denied: the chip may not be opened. already_exists: in use; the text says by whom.
Result<LineProbe> probe_line(const ButtonOptions& options, Clock& clock);

}  // namespace porchlight::gpio
