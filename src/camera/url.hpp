// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::camera {

// `rtsp://user:pass@host:554/path` taken apart; user and password percent-decoded.
struct RtspUrl {
  std::string bare;  // without user and password
  std::string user;
  std::string password;
};
RtspUrl split_credentials(std::string_view url);

// Puts them back, percent-encoded. The result is a secret.
std::string with_credentials(std::string_view bare, std::string_view user, std::string_view password);

// The host of a URL without user and password; an IPv6 address without its brackets.
std::string host_of(std::string_view bare);

// The part before the first colon, in lower case; empty when there is none or it is no scheme (RFC
// 3986, 3.1).
std::string scheme_of(std::string_view url);

// `file:/a`, `file:///a` and `file:a` as a path; percent signs mean themselves.
std::string file_path(std::string_view url);

}  // namespace porchlight::camera
