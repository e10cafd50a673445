// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight {

// Text that HTML shows as it is, between tags and inside a quoted attribute.
std::string html_escaped(std::string_view text);

}  // namespace porchlight
