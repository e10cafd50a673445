// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::config {

// Puts the secrets in place of `${ENV:NAME}`, `${file:/path}` and `${credential:NAME}`; `$${` stands
// for a literal `${`. An error names the reference, never a value, and never what stood around it.
Result<std::string> resolve_references(std::string_view text);

}  // namespace porchlight::config
