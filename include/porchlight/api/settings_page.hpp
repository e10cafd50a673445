// SPDX-License-Identifier: Apache-2.0
// What the settings page shows of the configuration, and the one file that it writes. No thread, no file:
// texts and trees in, texts out.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/api/settings.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::api {

// The configuration as written, in the three ways in which a change looks at it.
struct SettingsTrees {
  config::Raw all;     // everything, as it holds
  config::Raw others;  // without the page's file
  config::Raw own;     // the page's file alone
};

inline constexpr std::string_view masked_text = "[redacted]";

bool is_settings_section(std::string_view word) noexcept;

// The keys whose values no answer shows.
bool is_secret_key(std::string_view section, std::string_view type, std::string_view key);

// `{"cameras": [entry…], …}` as docs/settings.md has it.
nlohmann::ordered_json shown_sections(const SettingsTrees& trees);
// The same lists as they are written, with every secret: for no answer and no log.
nlohmann::ordered_json stored_sections(const config::Raw& root);
// Whether no file has rules, so that those hold that hold without any: every channel is told of rings.
bool has_usual_rules(const config::Raw& root);
// The keys of an entry as they are shown, without the secret ones.
nlohmann::ordered_json shown_entry(std::string_view section, const config::Raw& entry);

const config::Raw* find_entry(const config::Raw& root, std::string_view section, std::string_view id);

// Why the page's file is not the page's to write: somebody wrote it by hand. Empty: it is.
std::string not_the_pages_own(std::string_view text, const config::Raw& own);

// The text that the page's file is to have, or why it may not.
struct SettingsPlan {
  SettingsOutcome refused{};  // holds when there is no text
  std::optional<std::string> text{};
};
SettingsPlan plan_settings(const SettingsTrees& trees, const SettingsChange& change);

// What was sent and does not hold in `all`, the tree with the new text: another file has the last word.
std::vector<KeyFault> overruled(const SettingsTrees& before, const config::Raw& all,
                                const SettingsChange& change);

// Faults of the configuration, with those of the entry under their own keys.
std::vector<KeyFault> key_faults(const std::vector<config::Fault>& faults, const config::Raw& all,
                                 std::string_view section, std::string_view id);

// A configuration with one camera of these keys (a JSON object), or what is wrong with their form.
struct TrialText {
  std::string yaml{};
  std::vector<KeyFault> faults{};
};
TrialText trial_text(const nlohmann::ordered_json& keys);

// `scheme://host:port` of an address, in small letters; empty: it has none.
std::string origin_of_address(std::string_view address);

}  // namespace porchlight::api
