// SPDX-License-Identifier: Apache-2.0
// The document of the interface against the routes that the program really serves.
#include "api/account_client.hpp"
#include "api/openapi_comparison.hpp"
#include "api/openapi_document.hpp"
#include "api/route_table.hpp"
#include "http/gunzip.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using test::differences;
using test::of_document;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* path = "/api/v1/openapi.json";

class OpenApi : public test::AccountsTest {
 protected:
  test::Operations table() {
    return test::of_table(route_table(house.port(), server.metrics, health, *accounts, *library, *people));
  }
  // What the comparison finds once `change` was made to the document.
  template <class Change>
  std::vector<std::string> after(const Change& change) {
    auto document = json::parse(openapi_document);
    change(document);
    return differences(table(), of_document(document));
  }
};

TEST_F(OpenApi, EveryRouteIsInTheDocumentAndNothingElse) {
  const auto served = table();
  EXPECT_GT(served.size(), 20U);
  EXPECT_THAT(differences(served, of_document(json::parse(openapi_document))), IsEmpty());
}

TEST_F(OpenApi, ComparisonFindsWhatIsMissingOnEitherSide) {
  EXPECT_THAT(after([](json& d) { d["paths"].erase("/api/v1/status"); }),
              ElementsAre("GET /api/v1/status is served and not in the document"));
  EXPECT_THAT(after([](json& d) { d["paths"]["/api/v1/users/{id}"].erase("patch"); }),
              ElementsAre("PATCH /api/v1/users/{id} is served and not in the document"));
  EXPECT_THAT(after([](json& d) { d["paths"]["/api/v1/doors"] = d["paths"]["/api/v1/users"]; }),
              ElementsAre("GET /api/v1/doors is in the document and not served",
                          "POST /api/v1/doors is in the document and not served"));
  EXPECT_THAT(after([](json& d) {
                d["paths"]["/api/v1/reload"]["post"] = d["paths"]["/api/v1/auth/logout"]["post"];
              }),
              ElementsAre("POST /api/v1/reload is in the document and not served"));
  auto served = table();
  served.erase("GET /metrics");
  EXPECT_THAT(differences(served, of_document(json::parse(openapi_document))),
              ElementsAre("GET /metrics is in the document and not served"));
}

TEST_F(OpenApi, ComparisonFindsWhatIsDescribedDifferently) {
  const auto ring = [](json& d) -> json& { return d["paths"]["/api/v1/buttons/{id}/ring"]["post"]; };
  EXPECT_THAT(after([&](json& d) { ring(d)["responses"].erase("404"); }), ElementsAre(HasSubstr("statuses")));
  EXPECT_THAT(after([&](json& d) { ring(d)["responses"]["202"] = {}; }), ElementsAre(HasSubstr("statuses")));
  EXPECT_THAT(after([&](json& d) { ring(d)["parameters"][0]["name"] = "button"; }),
              ElementsAre(HasSubstr("path parameters")));
  EXPECT_THAT(after([&](json& d) { ring(d)["x-porchlight-role"] = "viewer"; }),
              ElementsAre(HasSubstr("role")));
  EXPECT_THAT(after([&](json& d) { ring(d)["x-porchlight-scope"] = "view"; }),
              ElementsAre(HasSubstr("scope")));
  EXPECT_THAT(after([&](json& d) { ring(d).erase("x-porchlight-camera"); }),
              ElementsAre(HasSubstr("camera")));
  EXPECT_THAT(after([&](json& d) { ring(d)["security"] = json::array(); }),
              ElementsAre(HasSubstr("security")));
}

TEST_F(OpenApi, IsForAccountsAndNobodyElse) {
  EXPECT_EQ(ask("GET", path).status, 401);
  for (const auto* name : {"admin", "user", "viewer", "monitor"}) {
    const auto reply = ask("GET", path, login(name));
    EXPECT_EQ(reply.status, 200) << name;
    EXPECT_EQ(reply.headers.at("content-type"), "application/json");
    EXPECT_EQ(reply.body, openapi_document);
  }
}

TEST_F(OpenApi, IsAskedForOnceAndComesPacked) {
  auto client = login("viewer");
  const auto whole = ask("GET", path, client);
  const auto tag = whole.headers.at("etag");
  EXPECT_EQ(whole.headers.at("cache-control"), "private, no-cache");
  client.more = "Accept-Encoding: gzip\r\n";
  const auto packed = ask("GET", path, client);
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.headers.at("vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), whole.body.size() / 3);
  EXPECT_EQ(http::test::gunzip(packed.body), openapi_document);
  client.more = "If-None-Match: \"other\", " + tag + "\r\n";
  const auto unchanged = ask("GET", path, client);
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.headers.at("etag"), tag);
  EXPECT_EQ(unchanged.body, "");
  client.more = "If-None-Match: \"other\"\r\n";
  EXPECT_EQ(ask("GET", path, client).status, 200);
}

}  // namespace
}  // namespace porchlight::api
