// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace porchlight::maintain {

// The first line (from 1) of a configuration that spells a secret out instead of referring to it:
// a password or token, a login inside a URL, an Authorization header. Reads lines, not YAML, so that
// it works on a file with faults too.
std::optional<int> line_of_plain_secret(std::string_view text);

}  // namespace porchlight::maintain
