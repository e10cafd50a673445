// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace porchlight::telemetry {

// What build_info, `porchlight version` and every log record say of this program.
std::string_view build_version() noexcept;
std::string_view build_revision() noexcept;  // abbreviated commit, or `unknown`
std::string_view build_compiler() noexcept;
std::string_view build_arch() noexcept;

}  // namespace porchlight::telemetry
