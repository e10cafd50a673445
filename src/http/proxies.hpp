// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

// An address or a network: 192.168.1.5, 10.0.0.0/8, fd00::/8. IPv4 written as IPv6 (::ffff:a.b.c.d)
// is IPv4.
struct Network {
  std::array<std::uint8_t, 16> bytes{};
  int bits = 128;  // of the IPv6 form
  bool contains(const Network& address) const noexcept;
};
std::optional<Network> parse_network(std::string_view text);
std::optional<Network> parse_address(std::string_view text);  // without a prefix length
bool is_loopback_address(std::string_view text);

// Who may speak for others. Everything else's X-Forwarded-* is an unproven claim.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<Network> networks) : networks_(std::move(networks)) {}
  bool empty() const noexcept { return networks_.empty(); }
  bool contains(std::string_view address) const;

 private:
  std::vector<Network> networks_;
};

// Completes the peer with what the request's headers say: the client behind a trusted proxy
// (the rightmost address of X-Forwarded-For that is no such proxy), its scheme, and whether the
// exemption of loopback holds.
void judge_peer(Peer& peer, const Request& request, const TrustedProxies& proxies);

// Whether the request says that it came through somebody.
bool is_forwarded(const Request& request);

}  // namespace porchlight::http
