// SPDX-License-Identifier: Apache-2.0
#include "http/proxies.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "http/text.hpp"

namespace porchlight::http {
namespace {

constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int mapped_bits = 96;

std::optional<Network> address_of(const std::string& text, bool& is_ipv4) {
  Network network;
  is_ipv4 = ::inet_pton(AF_INET, text.c_str(), network.bytes.data() + mapped.size()) == 1;
  if (is_ipv4) {
    std::copy(mapped.begin(), mapped.end(), network.bytes.begin());
    return network;
  }
  if (::inet_pton(AF_INET6, text.c_str(), network.bytes.data()) != 1) return std::nullopt;
  return network;
}

// `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80` (what proxies write).
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const auto colon = text.find(':');
  return colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos
             ? text.substr(0, colon)
             : text;
}

std::string_view last_item(std::string_view& rest) {
  const auto comma = rest.rfind(',');
  const auto item = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
  return trimmed(item);
}

// From the right: each trusted proxy vouches for what it wrote down, and nobody for what is further
// left. Headers of the same name are one list (RFC 9110 §5.3).
std::string client_of(const Request& request, const std::string& direct, const TrustedProxies& proxies) {
  std::string client = direct;
  for (auto header = request.headers.rbegin(); header != request.headers.rend(); ++header) {
    if (!equal_without_case(header->first, "x-forwarded-for")) continue;
    std::string_view rest = header->second;
    while (!rest.empty()) {
      const std::string address(without_port(last_item(rest)));
      if (!parse_address(address)) return client;
      client = address;
      if (!proxies.contains(client)) return client;
    }
  }
  return client;
}

// The rightmost word: what the proxy next to us says.
std::string_view scheme_of(const Request& request) {
  std::string_view scheme;
  for (const auto& [name, value] : request.headers) {
    std::string_view rest = value;
    if (equal_without_case(name, "x-forwarded-proto")) scheme = last_item(rest);
  }
  return scheme;
}

}  // namespace

bool Network::contains(const Network& address) const noexcept {
  for (int bit = 0; bit < bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    if (((bytes[at] ^ address.bytes[at]) & (0x80U >> (bit % 8))) != 0) return false;
  }
  return true;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  bool is_ipv4 = false;
  auto network = address_of(std::string(text.substr(0, slash)), is_ipv4);
  if (!network || slash == std::string_view::npos) return network;
  const auto digits = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (bits < 0 || bits > (is_ipv4 ? 32 : 128)) return std::nullopt;
  network->bits = is_ipv4 ? mapped_bits + bits : bits;
  return network;
}

std::optional<Network> parse_address(std::string_view text) {
  return text.find('/') == std::string_view::npos ? parse_network(text) : std::nullopt;
}

bool is_loopback_address(std::string_view text) {
  static const auto ipv4 = parse_network("127.0.0.0/8");
  static const auto ipv6 = parse_network("::1");
  const auto address = parse_address(text);
  return address && (ipv4->contains(*address) || ipv6->contains(*address));
}

bool TrustedProxies::contains(std::string_view text) const {
  const auto address = parse_address(text);
  return address && std::any_of(networks_.begin(), networks_.end(),
                                [&address](const Network& network) { return network.contains(*address); });
}

bool is_forwarded(const Request& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    const std::string_view name = header.first;
    return equal_without_case(name, "forwarded") || equal_without_case(name.substr(0, 12), "x-forwarded-");
  });
}

void judge_peer(Peer& peer, const Request& request, const TrustedProxies& proxies) {
  if (peer.listener == Listener::unix_socket) return;
  peer.loopback = proxies.empty() && is_loopback_address(peer.address) && !is_forwarded(request);
  if (!proxies.contains(peer.address)) return;
  peer.proxy = peer.address;
  peer.address = client_of(request, peer.proxy, proxies);
  peer.secure = peer.secure || equal_without_case(scheme_of(request), "https");
}

}  // namespace porchlight::http
