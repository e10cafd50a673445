// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "onvif/address.hpp"
#include "porchlight/onvif/device.hpp"

// The answers of the media service, version 1 (`media`) and 2 (`media2`), each read out of its element.
namespace porchlight::onvif {

// Of GetProfilesResponse: those that send video, at most 32, without URIs.
std::vector<Profile> read_profiles(pugi::xml_node response);
std::vector<Profile> read_profiles2(pugi::xml_node response);

// Of GetStreamUriResponse; empty when there is none.
std::string read_stream_uri(pugi::xml_node response);
std::string read_stream_uri2(pugi::xml_node response);

// Takes the URI over, without its login, if it is one for RTSP. `asked` is who gave it. False: it is none.
bool set_stream(Profile& profile, const std::string& uri, const Address& asked);

}  // namespace porchlight::onvif
