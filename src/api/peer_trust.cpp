// SPDX-License-Identifier: Apache-2.0
#include "api/peer_trust.hpp"

namespace porchlight::api {

bool is_loopback(const http::Peer& peer) {
  return peer.listener == http::Listener::unix_socket || peer.loopback;
}

bool is_secure(const http::Peer& peer) {
  return peer.listener == http::Listener::unix_socket || peer.secure;
}

}  // namespace porchlight::api
