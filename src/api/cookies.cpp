// SPDX-License-Identifier: Apache-2.0
#include "api/cookies.hpp"

#include "api/peer_trust.hpp"

namespace porchlight::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_cookie_header(std::string_view name) {
  constexpr std::string_view wanted = "cookie";
  if (name.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if ((name[i] | 0x20) != wanted[i]) return false;
  return true;
}

std::string cookie_text(const http::Request& request, std::string_view value) {
  std::string text(session_cookie_name(request));
  text += '=';
  text += value;
  text += "; Path=/; HttpOnly; SameSite=Strict";
  if (is_secure(request.peer)) text += "; Secure";
  return text;
}

}  // namespace

std::optional<std::string> cookie(const http::Request& request, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& [header, line] : request.headers) {
    if (!is_cookie_header(header)) continue;
    std::string_view rest = line;
    while (!rest.empty()) {
      const auto pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
      if (found) return std::nullopt;
      found = trimmed(pair.substr(equals + 1));
    }
  }
  return found;
}

std::string_view session_cookie_name(const http::Request& request) {
  return is_secure(request.peer) ? "__Host-porchlight" : "porchlight";
}

std::string session_cookie(const http::Request& request, std::string_view token) {
  return cookie_text(request, token);
}

std::string expired_session_cookie(const http::Request& request) {
  return cookie_text(request, "") + "; Max-Age=0";
}

}  // namespace porchlight::api
