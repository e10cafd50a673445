// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/onvif/device.hpp"

namespace porchlight::onvif {

// Base64 of SHA-1 of nonce, created and password (WS-Security UsernameToken Profile 1.0).
std::string password_digest(std::span<const unsigned char> nonce, std::string_view created,
                            std::string_view password);

// The header that logs in, with a nonce of its own. `now` is the device's time: it refuses what is old, and
// what is yet to come. Error: resource (the system gives no random bytes).
Result<std::string> security_header(const Login& login, WallTime now);

// urn:uuid: and a random UUID (RFC 9562, version 4). Error: resource.
Result<std::string> random_urn();

}  // namespace porchlight::onvif
