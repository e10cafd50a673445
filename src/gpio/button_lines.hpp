// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gpio/chip_lookup.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/gpio/options.hpp"

namespace porchlight::gpio {

// already_exists: the line is the line of an enabled one of `buttons`, in whatever words. An output there
// would drive what a switch pulls to the other level.
Status free_of_buttons(const FoundLine& line, const std::vector<ButtonOptions>& buttons);

}  // namespace porchlight::gpio
