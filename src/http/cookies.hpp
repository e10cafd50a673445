// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace porchlight::http {

// One cookie of a Cookie header's value (RFC 6265 §4.2.1, quotes around a value taken off). Adds to
// `found`; false when a second one of that name has another value.
bool find_cookie(std::string_view header, std::string_view name, std::optional<std::string_view>& found);

}  // namespace porchlight::http
