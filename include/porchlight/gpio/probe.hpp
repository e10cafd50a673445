// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/gpio/options.hpp"
#include "porchlight/gpio/output_options.hpp"

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

struct OutputProbe {
  std::string chip_path;
  std::string place;
  std::string backend;
};

// Finds an output's line and looks whether it is free. Does not request it: that would drive it. Errors as
// those of probe_line(); already_exists also when one of `buttons` means the same line in other words.
Result<OutputProbe> probe_output(const OutputOptions& options, const std::vector<ButtonOptions>& buttons);

// Switches an output's line off and gives it back: for what a daemon that died left on. Errors as those of
// probe_output().
Status rest_output(const OutputOptions& options, const std::vector<ButtonOptions>& buttons);

}  // namespace porchlight::gpio
