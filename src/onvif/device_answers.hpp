// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/onvif/device.hpp"

// The device service's answers (ONVIF Core, 8), each read out of its element.
namespace porchlight::onvif {

// Of GetSystemDateAndTimeResponse. Errors: not_found (it says no UTC: a local time without an agreed zone
// says nothing), corrupt (no such date or time).
Result<WallTime> read_utc(pugi::xml_node response);

// Of GetDeviceInformationResponse, into the device.
void read_information(pugi::xml_node response, Device& device);

// A service's namespace and address.
struct Service {
  std::string space;
  std::string address;
};
// Of GetServicesResponse.
std::vector<Service> read_services(pugi::xml_node response);
// The media service's address in GetCapabilitiesResponse; empty: none.
std::string read_media_capability(pugi::xml_node response);

}  // namespace porchlight::onvif
