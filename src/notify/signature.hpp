// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::notify {

// The value of X-Porchlight-Signature: `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "<t>.<body>" in hex>`.
// The time is signed too, so that a receiver can refuse what somebody recorded and sends again.
std::string signature_of(std::string_view secret, std::string_view body, WallTime now);

}  // namespace porchlight::notify
