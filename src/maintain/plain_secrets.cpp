// SPDX-License-Identifier: Apache-2.0
#include "maintain/plain_secrets.hpp"

#include <algorithm>
#include <regex>
#include <string>

namespace porchlight::maintain {
namespace {

bool holds_secret(const std::string& line) {
  // The value must have a first character: neither of an empty string nor of a reference.
  static const std::regex key(
      R"re((^|[\s{,])["']?(password|token|secret)["']?\s*:\s*["']?([^\s"'#$,}]|\$[^{]))re",
      std::regex::icase);
  static const std::regex login(R"re(://[^/\s@:]*:(?!\$\{)[^/\s@]+@)re");
  static const std::regex header(R"re(authorization\s*:\s*(?!.*\$\{)\S)re", std::regex::icase);
  return std::regex_search(line, key) || std::regex_search(line, login) || std::regex_search(line, header);
}

std::string without_comment(std::string_view line) {
  if (const auto first = line.find_first_not_of(" \t"); first != line.npos && line[first] == '#') return {};
  return std::string(line.substr(0, line.find(" #")));
}

}  // namespace

std::optional<int> line_of_plain_secret(std::string_view text) {
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    // std::regex recurses: no line of ours is that long.
    if (holds_secret(without_comment(text.substr(0, std::min<std::size_t>(end, 4096))))) return number;
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace porchlight::maintain
