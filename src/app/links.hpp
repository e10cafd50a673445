// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "app/settings.hpp"
#include "porchlight/notify/link.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::app {

// What links are signed with, made of the accounts' key. Empty when that cannot be read, which is logged:
// then messages go without a link, and nothing else changes.
std::string read_link_key(const std::filesystem::path& folder, const telemetry::Logger& log);

// What persons' names in the log are replaced with is made with this. Empty as above, without a word: they
// are left out then.
std::string read_pseudonym_key(const std::filesystem::path& folder);

// Null without a key, or without server.public_url: nobody could follow a link.
notify::LinkMakerPtr make_links(const std::string& key, const std::string& public_url,
                                const notify::Options& notifications);

}  // namespace porchlight::app
