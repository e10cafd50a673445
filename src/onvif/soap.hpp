// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::onvif {

// A SOAP 1.2 envelope around XML of ours; an empty header is left out.
std::string soap_envelope(std::string_view header, std::string_view body);

// An answer; `element` lives in `document`.
struct SoapAnswer {
  pugi::xml_document document;
  pugi::xml_node element;
};

// The element that the answer's body must consist of. Errors: corrupt (no envelope, another element); what a
// Fault says: auth (the login is missing or wrong), unsupported (the device does not know the question),
// unavailable (any other).
Result<SoapAnswer> read_soap(std::string_view text, std::string_view space, std::string_view local);

}  // namespace porchlight::onvif
