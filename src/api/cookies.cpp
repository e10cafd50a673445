// SPDX-License-Identifier: Apache-2.0
#include "api/cookies.hpp"

#include "api/peer_trust.hpp"

namespace porchlight::api {
namespace {

std::string cookie_text(const http::Request& request, std::string_view value) {
  std::string text(session_cookie_name(request));
  text += '=';
  text += value;
  text += "; Path=/; HttpOnly; SameSite=Strict";
  if (is_secure(request.peer)) text += "; Secure";
  return text;
}

}  // namespace

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
