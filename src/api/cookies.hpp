// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"

namespace porchlight::api {

// The session's cookie. `__Host-porchlight` where the connection is secure, `porchlight` on plain loopback.
std::string_view session_cookie_name(const http::Request& request);
std::string session_cookie(const http::Request& request, std::string_view token);
std::string expired_session_cookie(const http::Request& request);

}  // namespace porchlight::api
