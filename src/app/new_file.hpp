// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::app {

// A file that was not there before, mode 0640 less the umask. Errors: already_exists, and what the system
// says; a half-written one is removed.
Status write_new_file(const std::string& path, std::string_view text);

}  // namespace porchlight::app
