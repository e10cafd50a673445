// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace porchlight::onvif {

// A URL taken apart. Written together again it is the same for every reader: no login, no blank, no control
// character, no backslash.
struct Address {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address in brackets
  std::string port;    // empty: the scheme's own
  std::string path;    // with the query, without fragment; begins with / or ?, or is empty
  bool had_login = false;

  std::string text() const;
};

// Nothing for what is no URL with a host, or longer than 1 KiB. A login in it is left out.
std::optional<Address> parse_address(std::string_view url);

// Is it a URL of an http service, without a login?
bool is_service(const Address& address);

}  // namespace porchlight::onvif
