// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "porchlight/onvif/device.hpp"

namespace porchlight::app {

// A device for people, in lines, and for programs (docs/cameras.md).
std::string discovery_text(const onvif::Device& device);
nlohmann::json discovery_json(const onvif::Device& device);

// That no device answered, and what to look at.
std::string nothing_found(const std::vector<std::string>& interfaces);

// That the search ended before its time, and what to do about it.
std::string search_flooded(const std::vector<std::string>& interfaces);

}  // namespace porchlight::app
