// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "porchlight/telemetry/log.hpp"  // scrubbed()

namespace porchlight::telemetry {

inline constexpr std::string_view redacted = "[redacted]";

// True for keys that name a secret or a person: password, api_key, Authorization, person, plate, …
bool is_secret_key(std::string_view key);

}  // namespace porchlight::telemetry
