// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::config {

// Ends the message of a credential that only the service can see.
inline constexpr std::string_view credentials_hidden =
    "no CREDENTIALS_DIRECTORY is set (only the service sees its credentials)";

// Puts the secrets in place of `${ENV:NAME}`, `${file:/path}` and `${credential:NAME}`; `$${` stands
// for a literal `${`. An error names the reference, never a value, and never what stood around it.
Result<std::string> resolve_references(std::string_view text);

}  // namespace porchlight::config
