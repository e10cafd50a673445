// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "onvif/device_answers.hpp"
#include "onvif/media_answers.hpp"
#include "onvif/names.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// An element of ONVIF's with the prefixes d, m, n and t.
struct Element {
  explicit Element(const std::string& name, const std::string& inside)
      : document(parse_xml("<" + name + " xmlns:d=\"" + ns::device + "\" xmlns:m=\"" + ns::media +
                           "\" xmlns:n=\"" + ns::media2 + "\" xmlns:t=\"" + ns::schema + "\">" + inside +
                           "</" + name + ">")) {}
  pugi::xml_node node() const { return document.ok() ? document->document_element() : pugi::xml_node{}; }
  Result<pugi::xml_document> document;
};

std::string utc(const std::string& date, const std::string& time) {
  return "<d:SystemDateAndTime><t:UTCDateTime><t:Time>" + time + "</t:Time><t:Date>" + date +
         "</t:Date></t:UTCDateTime></d:SystemDateAndTime>";
}

std::string triple(const std::array<std::string, 3>& names, const std::array<std::string, 3>& values) {
  std::string text;
  for (std::size_t i = 0; i < 3; ++i) text += "<t:" + names[i] + ">" + values[i] + "</t:" + names[i] + ">";
  return text;
}

Result<WallTime> time_of(const std::array<std::string, 3>& date, const std::array<std::string, 3>& time) {
  const Element element("d:GetSystemDateAndTimeResponse", utc(triple({"Year", "Month", "Day"}, date),
                                                              triple({"Hour", "Minute", "Second"}, time)));
  return read_utc(element.node());
}

TEST(OnvifAnswers, TimeIsReadOrRefused) {
  const auto time = time_of({"2023", "11", "14"}, {"22", "13", "20"});
  ASSERT_TRUE(time);
  EXPECT_EQ(rfc3339(*time), "2023-11-14T22:13:20.000Z");
  EXPECT_TRUE(time_of({"1970", "1", "1"}, {"0", "0", "0"}));
  EXPECT_TRUE(time_of({"2024", "2", "29"}, {"23", "59", "60"}));
  for (const auto& wrong : std::initializer_list<std::array<std::string, 3>>{{"2023", "2", "29"},
                                                                             {"2023", "13", "1"},
                                                                             {"0", "1", "1"},
                                                                             {"99999", "1", "1"},
                                                                             {"", "1", "1"},
                                                                             {"2023", "1.5", "1"},
                                                                             {"x", "1", "1"},
                                                                             {"2023", "1", "-1"}})
    EXPECT_FALSE(time_of(wrong, {"0", "0", "0"})) << wrong[0] << wrong[1] << wrong[2];
  EXPECT_FALSE(time_of({"2023", "1", "1"}, {"", "0", "0"}));
  EXPECT_FALSE(time_of({"2023", "1", "1"}, {"24", "0", "0"}));
}

TEST(OnvifAnswers, LocalTimeAloneIsNoTime) {
  const Element element("d:GetSystemDateAndTimeResponse",
                        "<d:SystemDateAndTime><t:TimeZone><t:TZ>CET-1</t:TZ></t:TimeZone><t:LocalDateTime/>"
                        "</d:SystemDateAndTime>");
  EXPECT_EQ(read_utc(element.node()).error().code(), ErrorCode::not_found);
}

TEST(OnvifAnswers, InformationKeepsWhatIsKnown) {
  const Element element("d:GetDeviceInformationResponse",
                        "<d:Manufacturer> A </d:Manufacturer><Model>no</Model>"
                        "<d:HardwareId>H</d:HardwareId>");
  Device device;
  device.hardware = "of its scopes";
  read_information(element.node(), device);
  EXPECT_EQ(device.manufacturer, "A");
  EXPECT_EQ(device.model, "");
  EXPECT_EQ(device.hardware, "of its scopes");
}

std::string profile(const std::string& token, const std::string& encoder) {
  return "<m:Profiles token=\"" + token + "\"><t:Name>N</t:Name>" + encoder + "</m:Profiles>";
}

const std::string encoder =
    "<t:VideoEncoderConfiguration><t:Encoding>H264</t:Encoding><t:Resolution><t:Width>640</"
    "t:Width><t:Height>360"
    "</t:Height></t:Resolution><t:RateControl><t:FrameRateLimit>15</t:FrameRateLimit></t:RateControl>"
    "</t:VideoEncoderConfiguration>";

TEST(OnvifAnswers, ProfilesAreThoseWithVideo) {
  const Element element("m:GetProfilesResponse", profile("a", encoder) + profile("sound", "") +
                                                     profile("", encoder) +
                                                     profile("line&#10;break", encoder) +
                                                     profile("b", "<t:VideoEncoderConfiguration/>"));
  const auto profiles = read_profiles(element.node());
  ASSERT_THAT(profiles, SizeIs(2));
  EXPECT_EQ(profiles[0].token, "a");
  EXPECT_EQ(profiles[0].codec, "H264");
  EXPECT_EQ(profiles[0].width, 640);
  EXPECT_EQ(profiles[0].height, 360);
  EXPECT_EQ(profiles[0].fps, 15);
  EXPECT_EQ(profiles[1].token, "b");
  EXPECT_EQ(profiles[1].width, 0);
  EXPECT_THAT(read_profiles2(element.node()), IsEmpty());
}

TEST(OnvifAnswers, ProfilesAreBounded) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += profile(std::to_string(i), encoder);
  EXPECT_THAT(read_profiles(Element("m:GetProfilesResponse", many).node()), SizeIs(32));
}

TEST(OnvifAnswers, StreamIsForRtspAndWithoutLogin) {
  const auto asked = *parse_address("http://10.0.0.7:8080/onvif/device_service");
  Profile profile;
  EXPECT_TRUE(set_stream(profile, "rtsp://admin:word@10.0.0.7:554/a?b=c", asked));
  EXPECT_EQ(profile.uri, "rtsp://10.0.0.7:554/a?b=c");
  EXPECT_FALSE(profile.elsewhere);
  EXPECT_TRUE(set_stream(profile, "RTSPS://evil.example/a", asked));
  EXPECT_TRUE(profile.elsewhere);
  EXPECT_TRUE(set_stream(profile, "rtsp://10.0.0.7@evil.example/a", asked));
  EXPECT_TRUE(profile.elsewhere);
  for (const auto* no : {"", "http://10.0.0.7/a", "file:///etc/passwd", "exec:sh -c x", "rtsp://10.0.0.7/a b",
                         "rtsp://10.0.0.7\\@evil.example/", "rtsp://10.0.0.7/\nurl: exec"})
    EXPECT_FALSE(set_stream(profile, no, asked)) << no;
}

TEST(OnvifAnswers, ServicesAreRead) {
  const Element element("d:GetServicesResponse",
                        "<d:Service><d:Namespace>" + std::string(ns::media) +
                            "</d:Namespace><d:XAddr>http://a/m</d:XAddr></d:Service><d:Service/>");
  const auto services = read_services(element.node());
  ASSERT_THAT(services, SizeIs(2));
  EXPECT_EQ(services[0].space, ns::media);
  EXPECT_EQ(services[0].address, "http://a/m");
}

}  // namespace
}  // namespace porchlight::onvif
