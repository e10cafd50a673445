// SPDX-License-Identifier: Apache-2.0
// The configuration keys that channels over HTTP have in common.
#pragma once

#include <chrono>
#include <string>

#include "notify/courier.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::notify {

// What keeps a text from being an http or https URL; empty: nothing. Of the text it shows a scheme at most.
std::string fault_of_url(const std::string& url);

// Reads `ca_file`, `timeout` (of one delivery) and the URL under `key`; without a default the URL is
// required. Faults go where the section collects them.
Destination read_destination(config::Section& section, const char* key = "url", std::string fallback = {});

// As read_destination, of a server whose paths we name ourselves: a URL with a query is a fault, and the
// slash at its end is dropped.
Destination read_server(config::Section& section, const char* key, std::string fallback);

// The key's text, without which there is no channel; a fault when a character could not stand in a header
// line or, by `allowed`, in a URL. The value is in no fault.
std::string read_secret(config::Section& section, const char* key, bool (*allowed)(char));

}  // namespace porchlight::notify
