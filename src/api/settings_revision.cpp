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

bool lets_change(const std::optional<std::string>& if_match, std::string_view revision) {
  if (!if_match) return true;
  auto tags = trimmed(*if_match);
  if (tags == "*") return true;
  const auto wanted = settings_tag(revision);
  while (!tags.empty()) {
    const auto tag = tags.substr(0, tags.find(','));
    if (trimmed(tag) == wanted) return true;
    tags.remove_prefix(std::min(tag.size() + 1, tags.size()));
  }
  return false;
}

}  // namespace porchlight::api
