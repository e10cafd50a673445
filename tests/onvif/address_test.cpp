// SPDX-License-Identifier: Apache-2.0
#include "onvif/address.hpp"

#include <gtest/gtest.h>

#include "onvif/at.hpp"

namespace porchlight::onvif {
namespace {

TEST(OnvifAddress, IsTakenApartAndPutTogether) {
  const auto address = parse_address("HTTP://Cam.Local:8080/onvif/device_service?a=b#c");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "cam.local");
  EXPECT_EQ(address->port, "8080");
  EXPECT_EQ(address->text(), "http://cam.local:8080/onvif/device_service?a=b");
  EXPECT_EQ(parse_address("http://[FE80::1]:80/x")->text(), "http://[fe80::1]:80/x");
  EXPECT_EQ(parse_address("rtsp://10.0.0.1")->text(), "rtsp://10.0.0.1");
}

TEST(OnvifAddress, LoginIsLeftOut) {
  const auto address = parse_address("rtsp://admin:p@ss:word@10.0.0.1:554/main");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->had_login);
  EXPECT_EQ(address->text(), "rtsp://10.0.0.1:554/main");
  EXPECT_FALSE(is_service(*parse_address("http://a:b@10.0.0.1/")));
}

TEST(OnvifAddress, WhatTwoReadersMayReadDifferentlyIsRefused) {
  for (const auto* no : {"",
                         "http",
                         "http:/a",
                         "://a",
                         "http://",
                         "http:///a",
                         "http://a b/",
                         "http://a/ b",
                         "http://a\\@b/",
                         "http://a\nb/",
                         "http://a/\r\nX: y",
                         "http://a:99999/",
                         "http://a:-1/",
                         "http://a:/",
                         "http://a:80:80/",
                         "http://[::1/",
                         "http://[zz]/",
                         "http://a%00b/",
                         "http://ä/",
                         "1 http://a/",
                         "http://a/\"b",
                         "http://a;b/"})
    EXPECT_FALSE(parse_address(no)) << no;
  EXPECT_FALSE(parse_address("http://a/" + std::string(2000, 'x')));
}

TEST(OnvifAddress, UsersWordsNameAPlace) {
  const auto host = read_at("cam.local");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->probe, 3702);
  EXPECT_EQ(host->service->text(), "http://cam.local/onvif/device_service");
  const auto port = read_at("10.0.0.7:8080");
  ASSERT_TRUE(port);
  EXPECT_FALSE(port->probe);
  EXPECT_EQ(port->service->text(), "http://10.0.0.7:8080/onvif/device_service");
  EXPECT_EQ(read_at("https://cam/other")->service->text(), "https://cam/other");
  const auto probe = read_at("soap.udp://[::1]:1234");
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->host, "::1");
  EXPECT_EQ(probe->probe, 1234);
  EXPECT_FALSE(probe->service);
  for (const auto* no : {"", "rtsp://cam/", "http://user:sesame@cam/", "a b", "file:///etc/passwd"}) {
    const auto at = read_at(no);
    ASSERT_FALSE(at) << no;
    EXPECT_EQ(at.error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(at.error().text().find("sesame"), std::string::npos);
  }
}

}  // namespace
}  // namespace porchlight::onvif
