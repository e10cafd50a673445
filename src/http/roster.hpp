// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "http/proxies.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/message.hpp"

namespace porchlight::http {

class Connection;

// Who is connected, and whether one more may be. Each listener has places of its own, so that a
// flood on TCP leaves the control socket reachable. Listener's thread only.
class Roster {
 public:
  Roster(const Limits& limits, const TrustedProxies& proxies) : limits_(limits), proxies_(proxies) {}

  bool has_place(const Peer& peer) const;
  void enter(Connection& connection, const Peer& peer);
  void leave(Connection& connection, const Peer& peer);
  std::size_t count(Listener listener) const { return totals_[static_cast<std::size_t>(listener)]; }
  const std::unordered_set<Connection*>& all() const noexcept { return all_; }

 private:
  const Limits& limits_;
  const TrustedProxies& proxies_;
  std::unordered_set<Connection*> all_;
  std::array<std::size_t, listener_count> totals_{};
  std::map<std::pair<Listener, std::string>, std::size_t> by_peer_;
};

}  // namespace porchlight::http
