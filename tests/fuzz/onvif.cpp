// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "onvif/address.hpp"
#include "onvif/device_answers.hpp"
#include "onvif/media_answers.hpp"
#include "onvif/names.hpp"
#include "onvif/probe.hpp"
#include "onvif/soap.hpp"
#include "onvif/xml.hpp"
#include "porchlight/base/utf8.hpp"

using namespace porchlight;
using namespace porchlight::onvif;
using http::test::must;

namespace {

void must_be_a_line(const std::string& text, std::size_t most) {
  must(text.size() <= most && is_utf8(text) && text.find_first_of("\n\r\x1b") == std::string::npos);
}

void read_all(pugi::xml_node element) {
  const auto asked = *parse_address("http://cam/");
  Device device;
  read_information(element, device);
  must_be_a_line(device.model, longest_text);
  must_be_a_line(read_media_capability(element), longest_uri);
  if (const auto time = read_utc(element)) must(time->time_since_epoch().count() >= 0);
  for (const auto& service : read_services(element)) must_be_a_line(service.address, longest_uri);
  for (auto list : {read_profiles(element), read_profiles2(element)}) {
    must(list.size() <= 32);
    for (auto& profile : list) {
      must_be_a_line(profile.name, longest_text);
      must(profile.width >= 0 && profile.height >= 0 && profile.fps >= 0);
      if (!set_stream(profile, read_stream_uri(element), asked)) continue;
      must(profile.uri.starts_with("rtsp") && !parse_address(profile.uri)->had_login);
    }
  }
}

}  // namespace

// A device's answer: to a probe, and by SOAP. What has no such element is read as if it were one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = http::test::text_of(data, size);
  if (const auto found = read_probe_matches(text, {"urn:uuid:one"}))
    for (const auto& one : *found) must_be_a_line(one.name, longest_text);
  if (const auto answer = read_soap(text, ns::media, "GetProfilesResponse")) read_all(answer->element);
  if (const auto document = parse_xml(text)) read_all(document->document_element());
  if (const auto address = parse_address(text)) {
    const auto again = parse_address(address->text());
    must(again && again->host == address->host && again->text() == address->text() && !again->had_login);
  }
  return 0;
}
