// SPDX-License-Identifier: Apache-2.0
#include "api/peer_trust.hpp"

#include <algorithm>
#include <cctype>

namespace porchlight::api {

bool is_loopback(const http::Peer& peer) {
  return peer.listener == http::Listener::unix_socket || peer.loopback;
}

bool is_secure(const http::Peer& peer) {
  return peer.listener == http::Listener::unix_socket || peer.secure;
}

bool is_forwarded(const http::Request& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    std::string name = header.first;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name == "forwarded" || name.starts_with("x-forwarded-");
  });
}

}  // namespace porchlight::api
