// SPDX-License-Identifier: Apache-2.0
#include "http/cookies.hpp"

#include "http/text.hpp"

namespace porchlight::http {

bool find_cookie(std::string_view header, std::string_view name, std::optional<std::string_view>& found) {
  while (!header.empty()) {
    const auto pair = next_item(header, ';');
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
    auto value = trimmed(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (found && *found != value) return false;
    found = value;
  }
  return true;
}

}  // namespace porchlight::http
