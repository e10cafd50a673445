// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"

namespace porchlight::api {

// The value of the one cookie of that name in all Cookie headers; nothing when there are two of it,
// because then somebody else's page planted one of them.
std::optional<std::string> cookie(const http::Request& request, std::string_view name);

// `__Host-porchlight` where the connection is secure, `porchlight` on plain loopback.
std::string_view session_cookie_name(const http::Request& request);
std::string session_cookie(const http::Request& request, std::string_view token);
std::string expired_session_cookie(const http::Request& request);

}  // namespace porchlight::api
