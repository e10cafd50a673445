// SPDX-License-Identifier: Apache-2.0
#include "onvif/address.hpp"

#include <algorithm>

#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

template <class Test>
bool all(std::string_view text, Test test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

bool is_scheme(std::string_view text) {
  return all(text, [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 4)
    return all(host.substr(1, host.size() - 2),
               [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.'; });
  return all(host, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_port(std::string_view port) {
  return port.size() <= 5 && all(port, is_digit) && std::stoi(std::string(port)) <= 65535;
}

bool is_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' && c != '`';
  });
}

// Host and port of `host`, `host:port`, `[v6]`, `[v6]:port`.
bool take_authority(std::string_view text, Address& address) {
  const auto after = text.starts_with('[') ? text.find(']') : 0;
  if (after == std::string_view::npos) return false;
  const auto colon = text.find(':', after);
  address.host = lower(text.substr(0, colon));
  if (!is_host(address.host)) return false;
  if (colon == std::string_view::npos) return true;
  address.port = std::string(text.substr(colon + 1));
  return is_port(address.port);
}

}  // namespace

std::string Address::text() const {
  return scheme + "://" + host + (port.empty() ? "" : ":" + port) + path;
}

std::optional<Address> parse_address(std::string_view url) {
  const auto marker = url.find("://");
  if (marker == std::string_view::npos || url.size() > longest_uri) return std::nullopt;
  Address address;
  address.scheme = lower(url.substr(0, marker));
  auto rest = url.substr(marker + 3);
  // libcurl and others take a backslash for a slash: then one reader's login would be the other's host.
  const auto end = std::min(rest.find_first_of("/?#\\"), rest.size());
  auto authority = rest.substr(0, end);
  address.path = std::string(
      rest.substr(end, rest.find('#') == std::string_view::npos ? rest.npos : rest.find('#') - end));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    address.had_login = true;
    authority.remove_prefix(at + 1);
  }
  if (!is_scheme(address.scheme) || !take_authority(authority, address) || !is_path(address.path))
    return std::nullopt;
  return address;
}

bool is_service(const Address& address) {
  return (address.scheme == "http" || address.scheme == "https") && !address.had_login;
}

}  // namespace porchlight::onvif
