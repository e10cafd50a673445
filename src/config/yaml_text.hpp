// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/config/document.hpp"

namespace porchlight::config {

// What can be wrong with the bytes before YAML looks at them: zero and control bytes, bytes that
// are no UTF-8, tabs as indentation, more than 1 MiB. The first such fault, or none.
std::optional<Fault> first_byte_fault(std::string_view text, const std::string& file);

}  // namespace porchlight::config
