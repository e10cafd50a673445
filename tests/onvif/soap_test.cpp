// SPDX-License-Identifier: Apache-2.0
#include "onvif/soap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "onvif/names.hpp"
#include "onvif/security.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string fault(const std::string& codes, const std::string& reason) {
  return soap_envelope("", "<s:Fault><s:Code><s:Value>s:Sender</s:Value>" + codes +
                               "</s:Code><s:Reason><s:Text xml:lang=\"en\">" + reason +
                               "</s:Text></s:Reason></s:Fault>");
}

Error refusal(const std::string& text) {
  auto answer = read_soap(text, "urn:a", "AResponse");
  EXPECT_FALSE(answer) << text;
  return answer ? Error(ErrorCode::internal, "") : answer.error();
}

TEST(OnvifSoap, TakesTheAnswer) {
  const auto answer = read_soap(
      soap_envelope("", "<x:AResponse xmlns:x=\"urn:a\"><x:B>1</x:B></x:AResponse>"), "urn:a", "AResponse");
  ASSERT_TRUE(answer);
  EXPECT_EQ(text_of(child(answer->element, "urn:a", "B")), "1");
}

TEST(OnvifSoap, WhatIsNoAnswerIsRefused) {
  EXPECT_THAT(refusal("<html><body>404</body></html>").text(), HasSubstr("no SOAP 1.2"));
  EXPECT_THAT(refusal("").text(), HasSubstr("not XML"));
  EXPECT_THAT(refusal(soap_envelope("", "")).text(), HasSubstr("no AResponse"));
  EXPECT_THAT(refusal(soap_envelope("", "<AResponse/>")).text(), HasSubstr("no AResponse"));
  EXPECT_THAT(refusal(soap_envelope("", "<x:AResponse xmlns:x=\"urn:b\"/>")).text(),
              HasSubstr("no AResponse"));
  EXPECT_THAT(
      refusal("<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body/></Envelope>").text(),
      HasSubstr("no SOAP 1.2"));
}

TEST(OnvifSoap, FaultSaysWhoMustDoWhat) {
  const auto login =
      refusal(fault("<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode>", "Sender not\nAuthorized"));
  EXPECT_EQ(login.code(), ErrorCode::auth);
  EXPECT_EQ(login.text(), "the device refused: NotAuthorized: 'Sender not Authorized'");
  const auto unknown =
      refusal(fault("<s:Subcode><s:Value>ter:InvalidArgVal</s:Value><s:Subcode><s:Value>"
                    "x:ActionNotSupported</s:Value></s:Subcode></s:Subcode>",
                    ""));
  EXPECT_EQ(unknown.code(), ErrorCode::unsupported);
  EXPECT_EQ(refusal(fault("", "busy")).code(), ErrorCode::unavailable);
  EXPECT_EQ(refusal(soap_envelope("", "<s:Fault/>")).code(), ErrorCode::unavailable);
}

TEST(OnvifSoap, FaultWithEndlessSubcodesEnds) {
  std::string codes;
  for (int i = 0; i < 12; ++i) codes = "<s:Subcode><s:Value>a:B</s:Value>" + codes + "</s:Subcode>";
  EXPECT_EQ(refusal(fault(codes, "")).code(), ErrorCode::unavailable);
}

// The example of ONVIF's Application Programmer's Guide, 6.1.1.3.
TEST(OnvifSecurity, DigestIsThePublishedOne) {
  constexpr std::array<unsigned char, 16> nonce{0x2c, 0xaa, 0x88, 0xe8, 0x6f, 0xc0, 0x8a, 0x42,
                                                0x82, 0x42, 0xb3, 0x74, 0xce, 0xa6, 0x45, 0x96};
  EXPECT_EQ(password_digest(nonce, "2010-09-16T07:50:45Z", "userpassword"), "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
}

TEST(OnvifSecurity, HeaderHoldsNoPasswordAndIsNewEachTime) {
  const Login login{"a<b", "the password"};
  const WallTime now{std::chrono::seconds(1'700'000'000)};
  const auto header = security_header(login, now);
  ASSERT_TRUE(header);
  EXPECT_THAT(*header, Not(HasSubstr("the password")));
  EXPECT_THAT(*header, HasSubstr("a&lt;b"));
  EXPECT_THAT(*header, HasSubstr("2023-11-14T22:13:20.000Z"));
  EXPECT_TRUE(parse_xml(soap_envelope(*header, "")));
  EXPECT_NE(*header, *security_header(login, now));
}

}  // namespace
}  // namespace porchlight::onvif
