// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "porchlight/camera/options.hpp"

namespace porchlight::camera {

// Reads the URL at `key`, if there is one. Faults name what is wrong and never print the URL, which may
// hold a password.
StreamAddress read_address(config::Section& section, std::string_view key);

// The same of a URL that stands nowhere in a file. Errors: invalid_argument.
Result<StreamAddress> address_of(std::string_view url);

}  // namespace porchlight::camera
