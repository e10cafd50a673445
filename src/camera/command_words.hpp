// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::camera {

// Takes `rpicam-vid -t 0 --text "a b" -o -` apart as a shell would that knows nothing but words: blanks
// divide, '…' and "…" hold together, a backslash takes the next character as it is (not inside '…').
// Nothing is expanded, and what a shell would do more (pipes, redirections, `;`, `&`) is an Error that
// names the mend. Errors: invalid_argument.
Result<std::vector<std::string>> split_command(std::string_view line);

}  // namespace porchlight::camera
