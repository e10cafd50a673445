// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "porchlight/http/mail_client.hpp"

namespace porchlight::http {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 5322, 3.2.3: atext, without a quoted form.
bool is_local(char c) {
  return is_word(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_domain(char c) {
  return is_word(c) || c == '-';
}

// One or more of these, with single dots between.
bool is_dotted(std::string_view text, bool (*of)(char)) {
  return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == text.npos &&
         std::all_of(text.begin(), text.end(), [of](char c) { return c == '.' || of(c); });
}

}  // namespace

bool is_mail_address(std::string_view text) noexcept {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  const auto local = text.substr(0, at), domain = text.substr(at + 1);
  return is_dotted(local, is_local) && is_dotted(domain, is_domain) && domain.find(".-") == domain.npos &&
         domain.find("-.") == domain.npos && domain.front() != '-' && domain.back() != '-';
}

std::string with_masked_addresses(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '@') {
      auto begin = out.size();
      while (begin > 0 && (out[begin - 1] == '.' || is_local(out[begin - 1]))) --begin;
      if (begin < out.size()) out.replace(begin + 1, out.size() - begin - 1, "…");
    }
    out += c;
  }
  return out;
}

}  // namespace porchlight::http
