// SPDX-License-Identifier: Apache-2.0
#include "url.hpp"

#include <algorithm>
#include <charconv>

namespace porchlight::camera {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* end = text.data() + i + 3;
      if (std::from_chars(text.data() + i + 1, end, value, 16).ptr == end) {
        out.push_back(static_cast<char>(value));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

}  // namespace

RtspUrl split_credentials(std::string_view url) {
  const auto marker = url.find("://");
  if (marker == std::string_view::npos) return {std::string(url), {}, {}};
  const auto begin = marker + 3;
  const auto authority = url.substr(begin, std::min(url.find_first_of("/?#", begin), url.size()) - begin);
  // The last @: people write passwords with an @ in them unencoded.
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return {std::string(url), {}, {}};
  const auto login = authority.substr(0, at);
  const auto colon = std::min(login.find(':'), login.size());
  RtspUrl parts;
  parts.bare = std::string(url.substr(0, begin)) + std::string(url.substr(begin + at + 1));
  parts.user = percent_decoded(login.substr(0, colon));
  if (colon < login.size()) parts.password = percent_decoded(login.substr(colon + 1));
  return parts;
}

std::string with_credentials(std::string_view bare, std::string_view user, std::string_view password) {
  const auto marker = bare.find("://");
  if (marker == std::string_view::npos || (user.empty() && password.empty())) return std::string(bare);
  std::string url(bare.substr(0, marker + 3));
  url += percent_encoded(user) + ":" + percent_encoded(password) + "@";
  url += bare.substr(marker + 3);
  return url;
}

std::string host_of(std::string_view bare) {
  const auto marker = bare.find("://");
  if (marker == std::string_view::npos) return {};
  auto host = bare.substr(marker + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) return std::string(host.substr(1, std::min(host.find(']'), host.size()) - 1));
  return std::string(host.substr(0, host.find(':')));
}

std::string scheme_of(std::string_view url) {
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(url.front())) return {};
  std::string scheme(url.substr(0, colon));
  for (char& c : scheme) {
    if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return {};
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return scheme;
}

std::string file_path(std::string_view url) {
  auto path = url.substr(std::min(url.find(':') + 1, url.size()));
  if (path.starts_with("//")) path.remove_prefix(2);
  return std::string(path);
}

}  // namespace porchlight::camera
