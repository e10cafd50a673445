// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/options.hpp"

#include <arpa/inet.h>

#include <array>
#include <string_view>

#include "http/listen.hpp"
#include "http/proxies.hpp"
#include "http/request_head.hpp"

namespace porchlight::http {
namespace {

void read_address(config::Section& section, std::string& listen) {
  listen = section.text("listen", listen);
  if (listen.empty()) return;
  const auto address = parse_listen_address(listen);
  if (!address) section.fault("listen", address.error().text());
}

bool is_local(const std::string& listen) {
  if (listen.empty()) return true;
  const auto address = parse_listen_address(listen);
  return !address || address->is_loopback();  // a malformed one has a fault of its own
}

// The host of `https://host:port/path`, as certificates spell it; empty when it is no such URL.
std::string host_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    auto authority = url.substr(0, url.find('/'));
    if (!is_authority(authority)) return {};
    if (!authority.starts_with('[')) return std::string(authority.substr(0, authority.find(':')));
    const std::string literal(authority.substr(1, authority.find(']') - 1));
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_pton(AF_INET6, literal.c_str(), bytes.data()) != 1) return {};
    return ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return {};
}

void read_tls(config::Section& server, ListenOptions& options) {
  auto& tls = options.tls;
  if (!server.is_mapping("tls")) {
    const auto mode = server.choice("tls", "auto", {"auto", "off"});
    tls.mode = mode == "off" ? TlsMode::off : TlsMode::automatic;
    return;
  }
  auto files = server.section("tls");
  tls.mode = TlsMode::files;
  tls.certificate = files.required_text("cert");
  tls.key = files.required_text("key");
  if (tls.certificate.empty() || tls.key.empty()) return;
  const auto status = check_certificate_files(tls.certificate, tls.key, std::chrono::system_clock::now());
  if (!status) server.tolerable_fault("tls", status.error().text());
}

void read_proxies(config::Section& server, ListenOptions& options) {
  options.trusted_proxies = server.text_list("trusted_proxies");
  for (const auto& text : options.trusted_proxies) {
    if (!parse_network(text))
      server.fault("trusted_proxies",
                   "'" + text + "' is no address or network, such as 10.0.0.5 or 10.0.0.0/24");
  }
}

}  // namespace

ListenOptions read_listen_options(config::Section root) {
  ListenOptions options;
  auto server = root.section("server");
  read_address(server, options.listen);
  read_tls(server, options);
  options.public_url = server.text("public_url", "");
  if (!options.public_url.empty()) {
    const auto host = host_of(options.public_url);
    if (host.empty())
      server.fault("public_url", "'" + options.public_url + "' is not like https://door.example.org");
    else
      options.tls.names.push_back(host);
  }
  read_proxies(server, options);
  auto metrics = root.section("metrics");
  read_address(metrics, options.metrics_listen);
  const bool others = !is_local(options.listen) || !is_local(options.metrics_listen);
  if (options.tls.mode == TlsMode::off && others && options.trusted_proxies.empty())
    server.fault("tls",
                 "off only on a loopback address or with server.trusted_proxies; use auto or {cert, key}");
  return options;
}

}  // namespace porchlight::http
