// SPDX-License-Identifier: Apache-2.0
#include "onvif/probe.hpp"

#include <algorithm>
#include <charconv>

#include "onvif/names.hpp"
#include "onvif/soap.hpp"
#include "onvif/xml.hpp"
#include "porchlight/base/one_line.hpp"

namespace porchlight::onvif {
namespace {

constexpr std::size_t most_matches = 16;  // of one answer
constexpr std::size_t most_words = 64;    // addresses or scopes
constexpr std::string_view scope_root = "onvif://www.onvif.org/";

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* end = text.data() + i + 3;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, end, value, 16).ptr == end) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (words.size() < most_words) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

// The value of the first scope of a kind: onvif://www.onvif.org/name/Front%20door.
std::string scope_value(const std::vector<std::string_view>& scopes, std::string_view kind) {
  for (auto scope : scopes) {
    if (!scope.starts_with(scope_root)) continue;
    scope.remove_prefix(scope_root.size());
    if (scope.size() > kind.size() && scope.starts_with(kind) && scope[kind.size()] == '/')
      return one_line(percent_decoded(scope.substr(kind.size() + 1)), longest_text);
  }
  return {};
}

Found found_of(pugi::xml_node match) {
  Found found;
  found.endpoint =
      text_of(child(child(match, ns::addressing, "EndpointReference"), ns::addressing, "Address"));
  for (const auto word : words_of(child(match, ns::discovery, "XAddrs").child_value()))
    found.addresses.push_back(one_line(word, longest_uri));
  const auto scopes = words_of(child(match, ns::discovery, "Scopes").child_value());
  found.name = scope_value(scopes, "name");
  found.hardware = scope_value(scopes, "hardware");
  found.location = scope_value(scopes, "location");
  return found;
}

}  // namespace

std::string probe_message(Sought sought, std::string_view message_id) {
  const std::string header = "<a:MessageID xmlns:a=\"" + std::string(ns::addressing) + "\">" +
                             std::string(message_id) + "</a:MessageID><a:To xmlns:a=\"" + ns::addressing +
                             "\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To><a:Action xmlns:a=\"" +
                             ns::addressing + "\">" + ns::discovery + "/Probe</a:Action>";
  const bool device = sought == Sought::device;
  return soap_envelope(header, "<d:Probe xmlns:d=\"" + std::string(ns::discovery) + "\"><d:Types xmlns:t=\"" +
                                   (device ? ns::device : ns::network) + "\">t:" +
                                   (device ? "Device" : "NetworkVideoTransmitter") + "</d:Types></d:Probe>");
}

Result<std::vector<Found>> read_probe_matches(std::string_view text, const std::vector<std::string>& asked) {
  auto answer = read_soap(text, ns::discovery, "ProbeMatches");
  if (!answer) return std::move(answer).error();
  const auto header = child(answer->document.document_element(), ns::soap, "Header");
  const auto answers = text_of(child(header, ns::addressing, "RelatesTo"));
  if (std::find(asked.begin(), asked.end(), answers) == asked.end())
    return Error(ErrorCode::not_found, "it answers another message");
  std::vector<Found> found;
  for (const auto match : children(answer->element, ns::discovery, "ProbeMatch", most_matches))
    found.push_back(found_of(match));
  return found;
}

}  // namespace porchlight::onvif
