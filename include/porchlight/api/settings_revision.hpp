// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/config/document.hpp"

namespace porchlight::api {

// Words for the states of the settings: another one once anything of them is another, secrets too. Of this
// run of the program only: the words are made with a key that nobody knows, so that no guess of a secret can
// be tried against one.
class SettingsRevisions {
 public:
  SettingsRevisions();
  // `shown`: the answer to whoever reads them; `all`: the tree that it was made of.
  std::string of(const nlohmann::ordered_json& shown, const config::Raw& all) const;

 private:
  const std::string key_;
};

// The word as an ETag.
std::string settings_tag(std::string_view revision);

// Whether a change with this If-Match may be made where the settings are at `revision`: there is none, it is
// `*`, or it names that. Tags are compared strongly (RFC 9110, 13.1.1): `W/"…"` names nothing, and so does an
// empty one.
bool lets_change(const std::optional<std::string>& if_match, std::string_view revision);

}  // namespace porchlight::api
