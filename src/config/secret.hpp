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
// `whose` wrote the text: root follows what another wrote to no file and no variable, which that one could
// not read itself, and might have sent to an address that stands beside it.
enum class Whose { own, anothers };
Result<std::string> resolve_references(std::string_view text, Whose whose = Whose::own);

}  // namespace porchlight::config
