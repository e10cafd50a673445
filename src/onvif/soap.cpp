// SPDX-License-Identifier: Apache-2.0
#include "onvif/soap.hpp"

#include <array>

#include "onvif/names.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

std::string local_part(const std::string& qualified) {
  const auto colon = qualified.rfind(':');
  return colon == std::string::npos ? qualified : qualified.substr(colon + 1);
}

// The codes of a Fault from the general to the particular: Sender, NotAuthorized.
std::vector<std::string> codes_of(pugi::xml_node fault) {
  std::vector<std::string> codes;
  auto code = child(fault, ns::soap, "Code");
  while (code && codes.size() < 4) {
    codes.push_back(local_part(text_of(child(code, ns::soap, "Value"))));
    code = child(code, ns::soap, "Subcode");
  }
  return codes;
}

ErrorCode meaning_of(const std::vector<std::string>& codes) {
  constexpr std::array refused{"NotAuthorized",        "FailedAuthentication", "FailedCheck",
                               "InvalidSecurityToken", "InvalidSecurity",      "SenderNotAuthorized"};
  constexpr std::array unknown{"ActionNotSupported", "UnknownAction", "OptionalActionNotImplemented"};
  for (const auto& code : codes) {
    for (const auto* word : refused)
      if (code == word) return ErrorCode::auth;
    for (const auto* word : unknown)
      if (code == word) return ErrorCode::unsupported;
  }
  return ErrorCode::unavailable;
}

Error error_of(pugi::xml_node fault) {
  const auto codes = codes_of(fault);
  const auto reason = text_of(child(child(fault, ns::soap, "Reason"), ns::soap, "Text"));
  std::string text = "the device refused";
  if (!codes.empty() && !codes.back().empty()) text += ": " + codes.back();
  if (!reason.empty()) text += ": '" + reason + "'";
  return Error(meaning_of(codes), text);
}

pugi::xml_node only_element(pugi::xml_node parent) {
  for (auto one = parent.first_child(); one; one = one.next_sibling())
    if (one.type() == pugi::node_element) return one;
  return {};
}

}  // namespace

std::string soap_envelope(std::string_view header, std::string_view body) {
  std::string text = R"(<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s=")";
  text += ns::soap;
  text += "\">";
  if (!header.empty()) text += "<s:Header>" + std::string(header) + "</s:Header>";
  text += "<s:Body>" + std::string(body) + "</s:Body></s:Envelope>";
  return text;
}

Result<SoapAnswer> read_soap(std::string_view text, std::string_view space, std::string_view local) {
  auto document = parse_xml(text);
  if (!document) return std::move(document).error();
  const auto envelope = document->document_element();
  if (!is_element(envelope, ns::soap, "Envelope"))
    return Error(ErrorCode::corrupt, "the answer is no SOAP 1.2 envelope");
  const auto element = only_element(child(envelope, ns::soap, "Body"));
  if (is_element(element, ns::soap, "Fault")) return error_of(element);
  if (!is_element(element, space, local))
    return Error(ErrorCode::corrupt, "the answer has no " + std::string(local));
  return SoapAnswer{std::move(*document), element};
}

}  // namespace porchlight::onvif
