// SPDX-License-Identifier: Apache-2.0
#include "app/links.hpp"

#include "porchlight/store/accounts_key.hpp"

namespace porchlight::app {

std::string read_link_key(const std::filesystem::path& folder, const telemetry::Logger& log) {
  const auto key = store::AccountsKey::load(folder);
  if (key) return key->derived("links");
  log.error("messages carry no links", {{"fault", key.error().text()}});
  return {};
}

std::string read_pseudonym_key(const std::filesystem::path& folder) {
  const auto key = store::AccountsKey::load(folder);
  return key ? key->derived("log pseudonyms") : std::string();
}

notify::LinkMakerPtr make_links(const std::string& key, const std::string& public_url,
                                const notify::Options& notifications) {
  if (key.empty() || public_url.empty()) return nullptr;
  return std::make_shared<const notify::LinkMaker>(key, public_url, notifications.link_lifetime);
}

}  // namespace porchlight::app
