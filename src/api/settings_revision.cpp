// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/settings_revision.hpp"

#include <algorithm>

#include "api/digest.hpp"
#include "porchlight/api/settings_page.hpp"

namespace porchlight::api {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t revision_digits = 32;
constexpr std::string_view blank = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
  return text.substr(0, text.find_last_not_of(blank) + 1);
}

}  // namespace

SettingsRevisions::SettingsRevisions() : key_(random_bytes(key_bytes)) {}

std::string SettingsRevisions::of(const nlohmann::ordered_json& shown, const config::Raw& all) const {
  const auto seen = nlohmann::ordered_json::array({shown, stored_sections(all)});
  const auto text = seen.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return sha256_hex(hmac_sha256(key_, text)).substr(0, revision_digits);
}

std::string settings_tag(std::string_view revision) {
  return '"' + std::string(revision) + '"';
}

bool lets_change(std::string_view if_match, std::string_view revision) {
  if_match = trimmed(if_match);
  if (if_match.empty() || if_match == "*") return true;
  const auto wanted = settings_tag(revision);
  while (!if_match.empty()) {
    const auto tag = if_match.substr(0, if_match.find(','));
    if (trimmed(tag) == wanted) return true;
    if_match.remove_prefix(std::min(tag.size() + 1, if_match.size()));
  }
  return false;
}

}  // namespace porchlight::api
