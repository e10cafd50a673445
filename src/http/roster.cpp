// SPDX-License-Identifier: Apache-2.0
#include "http/roster.hpp"

namespace porchlight::http {

bool Roster::has_place(const Peer& peer) const {
  if (count(peer.listener) >= limits_.connections) return false;
  // A proxy's one address stands for all its clients.
  if (proxies_.contains(peer.address)) return true;
  const auto found = by_peer_.find({peer.listener, peer.address});
  return found == by_peer_.end() || found->second < limits_.connections_per_peer;
}

void Roster::enter(Connection& connection, const Peer& peer) {
  all_.insert(&connection);
  ++totals_[static_cast<std::size_t>(peer.listener)];
  ++by_peer_[{peer.listener, peer.address}];
}

void Roster::leave(Connection& connection, const Peer& peer) {
  if (all_.erase(&connection) == 0) return;
  --totals_[static_cast<std::size_t>(peer.listener)];
  const auto found = by_peer_.find({peer.listener, peer.address});
  if (--found->second == 0) by_peer_.erase(found);
}

}  // namespace porchlight::http
