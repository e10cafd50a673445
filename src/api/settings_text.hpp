// SPDX-License-Identifier: Apache-2.0
// Values of the configuration as JSON, and JSON as values of the configuration.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "porchlight/config/document.hpp"

namespace porchlight::api {

// As it stands in the file, with its escapes.
nlohmann::ordered_json stored_json(const config::Raw& raw);
// As the page shows it: escapes taken away, what looks like a secret masked.
nlohmann::ordered_json shown_json(const config::Raw& raw);
nlohmann::ordered_json masked(nlohmann::ordered_json given);
// What the page sent, so that it is read back as the very text: no reference is followed.
nlohmann::ordered_json escaped(nlohmann::ordered_json given);
// What cannot be written, or must not; empty: nothing.
std::string unwritable(const nlohmann::ordered_json& given);

// A value or a key in YAML, on one line.
std::string yaml_of(const nlohmann::ordered_json& stored);
std::string yaml_key(const std::string& key);

}  // namespace porchlight::api
