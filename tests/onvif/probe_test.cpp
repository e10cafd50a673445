// SPDX-License-Identifier: Apache-2.0
#include "onvif/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onvif/names.hpp"
#include "onvif/security.hpp"
#include "onvif/soap.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> asked{"urn:uuid:one", "urn:uuid:two"};

std::string answer(const std::string& matches, const std::string& relates_to = "urn:uuid:two") {
  return soap_envelope(
      "<a:RelatesTo xmlns:a=\"" + std::string(ns::addressing) + "\">" + relates_to + "</a:RelatesTo>",
      "<d:ProbeMatches xmlns:d=\"" + std::string(ns::discovery) + "\" xmlns:a=\"" + ns::addressing + "\">" +
          matches + "</d:ProbeMatches>");
}

std::string match(const std::string& scopes, const std::string& addresses) {
  return "<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:cam</a:Address></"
         "a:EndpointReference><d:Scopes>" +
         scopes + "</d:Scopes><d:XAddrs>" + addresses + "</d:XAddrs></d:ProbeMatch>";
}

TEST(OnvifProbe, AsksForOneKind) {
  const auto text = probe_message(Sought::video_transmitter, "urn:uuid:one");
  const auto document = parse_xml(text);
  ASSERT_TRUE(document);
  const auto envelope = document->document_element();
  EXPECT_EQ(text_of(child(child(envelope, ns::soap, "Header"), ns::addressing, "MessageID")), "urn:uuid:one");
  const auto types =
      child(child(child(envelope, ns::soap, "Body"), ns::discovery, "Probe"), ns::discovery, "Types");
  EXPECT_EQ(text_of(types), "t:NetworkVideoTransmitter");
  EXPECT_STREQ(types.attribute("xmlns:t").value(), ns::network);
}

TEST(OnvifProbe, ReadsNamesAndAddresses) {
  const auto found = read_probe_matches(
      answer(match("onvif://www.onvif.org/type/ptz  onvif://www.onvif.org/name/Front%20door%e2%82%ac\n"
                   "onvif://www.onvif.org/hardware/IPC onvif://www.onvif.org/location/city/here",
                   " http://10.0.0.7/onvif/device_service\nhttp://[fe80::1]/onvif/device_service ")),
      asked);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().endpoint, "urn:uuid:cam");
  EXPECT_EQ(found->front().name, "Front door€");
  EXPECT_EQ(found->front().hardware, "IPC");
  EXPECT_EQ(found->front().location, "city/here");
  EXPECT_THAT(found->front().addresses,
              ElementsAre("http://10.0.0.7/onvif/device_service", "http://[fe80::1]/onvif/device_service"));
}

TEST(OnvifProbe, AnswerToAnotherQuestionIsNone) {
  EXPECT_EQ(read_probe_matches(answer("", "urn:uuid:three"), asked).error().code(), ErrorCode::not_found);
  EXPECT_EQ(read_probe_matches(answer("", ""), asked).error().code(), ErrorCode::not_found);
  EXPECT_EQ(read_probe_matches(soap_envelope("", ""), asked).error().code(), ErrorCode::corrupt);
}

TEST(OnvifProbe, StrangersTextsAreBounded) {
  const auto found = read_probe_matches(
      answer(match("onvif://www.onvif.org/name/%1b%5b31m%0a%00x%zz%4 onvif://elsewhere/hardware/x", "")),
      asked);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().name, " [31m  x%zz%4");
  EXPECT_EQ(found->front().hardware, "");
  EXPECT_THAT(found->front().addresses, IsEmpty());
  std::string many;
  for (int i = 0; i < 500; ++i) many += match(std::string(100, 's'), "http://a/ ");
  EXPECT_EQ(read_probe_matches(answer(many), asked)->size(), 16U);
  std::string words;
  for (int i = 0; i < 500; ++i) words += "http://" + std::to_string(i) + "/ ";
  EXPECT_EQ(read_probe_matches(answer(match("", words)), asked)->front().addresses.size(), 64U);
}

TEST(OnvifProbe, EveryTruncationIsRefused) {
  const auto whole = answer(match("onvif://www.onvif.org/name/x", "http://10.0.0.7/"));
  ASSERT_TRUE(read_probe_matches(whole, asked));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_probe_matches(std::string_view(whole).substr(0, size), asked)) << size;
}

TEST(OnvifProbe, MessageIdsDiffer) {
  const auto id = random_urn();
  ASSERT_TRUE(id);
  EXPECT_THAT(*id, testing::MatchesRegex(
                       "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(*id, *random_urn());
}

}  // namespace
}  // namespace porchlight::onvif
