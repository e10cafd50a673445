// SPDX-License-Identifier: Apache-2.0
// Which chip and which offset the words `chip:` and `line:` of a button mean on this machine, now.
// Asks the kernel itself, so that the answer does not depend on libgpiod's version.
#pragma once

#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight::gpio {

struct FoundLine {
  std::string chip_path;  // /dev/gpiochip0
  unsigned offset = 0;
  std::string text;  // for people: gpiochip0 (pinctrl-bcm2711) line 17 'GPIO17'
};

// chip: `auto`, a name (`gpiochip0`), a path, or a label (`pinctrl-rp1`). line: a number or a name.
// auto means, for a name, the chip that has a line of that name; for a number, the chip of a Raspberry
// Pi's header, else the first chip. Header chips are preferred where several would do.
// not_found: no such chip, or no chip has the line; it may still come. invalid_argument: the chip is
// there and has no such line. permission_denied: a chip is there and may not be opened.
Result<FoundLine> find_line(const std::string& chip, const std::string& line);

// The name under which the line is in use; empty when it is free or cannot be asked.
std::string user_of(const FoundLine& line);

// Names the user in the error of a line that is in use; any other error stays as it is.
Error with_user(Error error, const FoundLine& line);

}  // namespace porchlight::gpio
