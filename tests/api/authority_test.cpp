// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "api/api_house.hpp"

namespace porchlight::api {
namespace {

using http::test::get;

class AuthorityRoute : public test::ApiTest {};

TEST_F(AuthorityRoute, GivesTheCertificateToEverybody) {
  house.authority = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";
  for (const std::string header : {"", "X-Forwarded-For: 203.0.113.9\r\n"}) {
    const auto reply = server.tcp().ask(get("/ca.crt", header));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, house.authority);
    EXPECT_EQ(reply.headers.at("content-type"), "application/x-x509-ca-cert");
  }
}

TEST_F(AuthorityRoute, SaysWhyThereIsNone) {
  const auto reply = server.tcp().ask(get("/ca.crt"));
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, testing::HasSubstr("not of Porchlight's own authority"));
}

}  // namespace
}  // namespace porchlight::api
