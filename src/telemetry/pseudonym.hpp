// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::telemetry {

// `p_` and 16 hex digits: the beginning of HMAC-SHA-256. The same for the same name as long as the key is the
// same, so that records about one person are found together; without the key nobody can try names.
std::string pseudonym(std::string_view key, std::string_view name);

// Without its last octet (IPv4) or its last 80 bits (IPv6), as zeros. What is no address comes back as it is.
std::string truncated_address(const std::string& address);

}  // namespace porchlight::telemetry
