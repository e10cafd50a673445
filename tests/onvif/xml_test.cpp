// SPDX-License-Identifier: Apache-2.0
#include "onvif/xml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace porchlight::onvif {
namespace {

using testing::HasSubstr;

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

void expect_refused(const std::string& text, const std::string& why) {
  const auto document = parse_xml(text);
  ASSERT_FALSE(document) << text.substr(0, 80);
  EXPECT_EQ(document.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(document.error().text(), HasSubstr(why));
}

TEST(OnvifXml, NoDoctypeAndSoNoBomb) {
  expect_refused("<!DOCTYPE a [<!ENTITY l \"ha\"><!ENTITY m \"&l;&l;&l;&l;\">]><a>&m;</a>", "DOCTYPE");
  expect_refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE");
  expect_refused("<!DOCTYPE a><a/>", "DOCTYPE");
}

TEST(OnvifXml, EntityOfItsOwnStaysText) {
  const auto document = parse_xml("<a>&file; &lt;</a>");
  ASSERT_TRUE(document);
  EXPECT_EQ(text_of(document->document_element()), "&file; <");
}

TEST(OnvifXml, EveryTruncationIsRefused) {
  const std::string whole =
      "<?xml version=\"1.0\"?><a xmlns=\"urn:a\" b=\"c\"><d>text</d><!-- x --><![CDATA[y]]></a>";
  ASSERT_TRUE(parse_xml(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_xml(std::string_view(whole).substr(0, size))) << size;
}

TEST(OnvifXml, BoundsAreKept) {
  EXPECT_TRUE(parse_xml(repeated("<a>", 32) + repeated("</a>", 32)));
  expect_refused(repeated("<a>", 40) + repeated("</a>", 40), "deeply");
  expect_refused(repeated("<a>", 100'000) + repeated("</a>", 7), "not XML");
  expect_refused("<a>" + repeated("<b/>", 20'001) + "</a>", "too many parts");
  std::string attributes;
  for (int i = 0; i < 65; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
  expect_refused("<a" + attributes + "/>", "attributes");
  expect_refused("<a>" + std::string(largest_answer, 'x') + "</a>", "too large");
}

TEST(OnvifXml, HostileShapeCostsLittle) {
  const auto before = std::chrono::steady_clock::now();
  std::string many;
  for (int i = 0; i < 64; ++i) many += " xmlns:p" + std::to_string(i) + "=\"u\"";
  const auto document = parse_xml("<a" + many + ">" + repeated("<q:b/>", 19'000) + "</a>");
  ASSERT_TRUE(document);
  EXPECT_TRUE(children(document->document_element(), "urn:b", "b", 64).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(OnvifXml, NamespaceCountsAndPrefixDoesNot) {
  const auto document = parse_xml(
      "<a xmlns=\"urn:a\" xmlns:x=\"urn:b\"><x:b>1</x:b><b xmlns=\"urn:b\">2</b><b>3</b>"
      "<y:b>4</y:b><q xmlns:x=\"urn:c\"><x:b>5</x:b></q></a>");
  ASSERT_TRUE(document);
  const auto root = document->document_element();
  EXPECT_TRUE(is_element(root, "urn:a", "a"));
  EXPECT_EQ(children(root, "urn:b", "b", 9).size(), 2U);
  EXPECT_EQ(text_of(children(root, "urn:b", "b", 9)[1]), "2");
  EXPECT_EQ(text_of(child(root, "urn:a", "b")), "3");
  EXPECT_EQ(text_of(child(child(root, "urn:a", "q"), "urn:c", "b")), "5");
  EXPECT_FALSE(child(child(root, "urn:a", "q"), "urn:b", "b"));
}

TEST(OnvifXml, TextIsOneLineAndBounded) {
  const auto document = parse_xml("<a> one\n\x1b[31mtwo\xff </a>");
  ASSERT_TRUE(document);
  EXPECT_EQ(text_of(document->document_element()), "one  [31mtwo?");
  EXPECT_EQ(text_of(document->document_element(), 3), "one");
  EXPECT_EQ(text_of({}), "");
}

TEST(OnvifXml, NumberIsANumberOrNothing) {
  const auto number = [](const std::string& text) {
    const auto document = parse_xml("<a>" + text + "</a>");
    return number_of(document->document_element());
  };
  EXPECT_EQ(number(" 1920 "), 1920);
  EXPECT_EQ(number("12.5"), 12.5);
  for (const auto* no : {"", "-1", "1e99", "nan", "inf", "12px", "0x10", "99999999"})
    EXPECT_EQ(number(no), 0) << no;
}

TEST(OnvifXml, WhatWeWriteIsEscaped) {
  const std::string hostile = "a<b>&\"'c";
  const auto document = parse_xml("<a b=\"" + xml_escaped(hostile) + "\">" + xml_escaped(hostile) + "</a>");
  ASSERT_TRUE(document);
  EXPECT_EQ(text_of(document->document_element()), hostile);
  EXPECT_EQ(std::string(document->document_element().attribute("b").value()), hostile);
}

}  // namespace
}  // namespace porchlight::onvif
