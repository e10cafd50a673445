// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/onvif/search.hpp"

namespace porchlight::onvif {

enum class Sought { video_transmitter, device };

// A WS-Discovery Probe with this message id.
std::string probe_message(Sought sought, std::string_view message_id);

// The devices in an answer to one of our messages; `from` is left empty. Errors: corrupt (no ProbeMatches),
// not_found (it answers another message).
Result<std::vector<Found>> read_probe_matches(std::string_view text, const std::vector<std::string>& asked);

}  // namespace porchlight::onvif
