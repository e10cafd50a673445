// SPDX-License-Identifier: Apache-2.0
// What a connection's origin is worth.
#pragma once

#include "porchlight/http/message.hpp"

namespace porchlight::api {

// Has loopback's exemptions (http::Peer::loopback): nobody stands between, as far as a header tells.
bool is_loopback(const http::Peer& peer);
// The bytes between the client and us cannot be read.
bool is_secure(const http::Peer& peer);
// May passwords and cookies travel here?
inline bool is_private(const http::Request& request) {
  return is_secure(request.peer) || is_loopback(request.peer);
}

}  // namespace porchlight::api
