// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/account_client.hpp"
#include "api/api_house.hpp"
#include "api/metrics_route.hpp"
#include "api/scrape_format.hpp"
#include "http/gunzip.hpp"

namespace porchlight::api {
namespace {

using http::test::Body;
using http::test::get;

class MetricsRoute : public test::ApiTest {
 protected:
  double value(const std::string& text, const std::string& series) {
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
};

TEST_F(MetricsRoute, ServesTextExposition) {
  const auto reply = server.tcp().ask(get("/metrics"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(reply.headers.at("vary"), "Accept, Accept-Encoding");
  EXPECT_EQ(reply.headers.count("content-encoding"), 0U);
  EXPECT_THAT(reply.body, testing::HasSubstr("\n# TYPE http_requests_total counter\n"));
}

TEST_F(MetricsRoute, ServesOpenMetricsToThoseWhoPreferIt) {
  auto wire = server.tcp();
  const auto reply = wire.ask(get("/metrics",
                                  "Accept: application/openmetrics-text;version=1.0.0,"
                                  "application/openmetrics-text;version=0.0.1;q=0.75,"
                                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(reply.body, testing::HasSubstr("\n# TYPE http_requests counter\n"));
  EXPECT_THAT(reply.body, testing::EndsWith("\n# EOF\n"));
}

TEST_F(MetricsRoute, RefusesWhoTakesNeitherFormat) {
  const auto reply = server.tcp().ask(get("/metrics", "Accept: image/png, text/html\r\n"));
  EXPECT_EQ(reply.status, 406);
  EXPECT_EQ(reply.headers.at("vary"), "Accept");
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
}

TEST(ScrapeFormat, IsTheOneThatIsLikedBest) {
  using telemetry::Format;
  EXPECT_EQ(scrape_format(""), Format::classic);
  EXPECT_EQ(scrape_format("*/*"), Format::classic);
  EXPECT_EQ(scrape_format("text/html,application/xml;q=0.9,*/*;q=0.8"), Format::classic);
  EXPECT_EQ(scrape_format("application/openmetrics-text, text/plain"), Format::classic) << "liked alike";
  EXPECT_EQ(scrape_format("application/openmetrics-text; q=0.6, text/plain; q=0.5"), Format::openmetrics);
  EXPECT_EQ(scrape_format("application/openmetrics-text;q=0.5,text/plain;q=0.6"), Format::classic);
  EXPECT_EQ(scrape_format("Application/OpenMetrics-Text;Version=1.0.0;Charset=\"UTF-8\""),
            Format::openmetrics);
  EXPECT_EQ(scrape_format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                          "text/plain;version=1.0.0;q=0.5,*/*;q=0.2"),
            Format::openmetrics);
}

TEST(ScrapeFormat, IsWhatIsThereWhenTheFavouriteIsNot) {
  using telemetry::Format;
  EXPECT_EQ(scrape_format("application/openmetrics-text;version=0.0.1,text/plain;q=0.1"), Format::classic);
  EXPECT_EQ(scrape_format("image/png,application/*;q=0.1"), Format::openmetrics);
  EXPECT_EQ(scrape_format("text/plain;version=9, */*;q=0.1"), Format::classic);
}

// The range that says most of a format decides, wherever it stands.
TEST(ScrapeFormat, TheMostSpecificRangeCounts) {
  using telemetry::Format;
  EXPECT_EQ(scrape_format("text/plain;q=0, */*"), Format::openmetrics);
  EXPECT_EQ(scrape_format("*/*, text/*;q=0"), Format::openmetrics);
  EXPECT_EQ(scrape_format("text/plain;version=0.0.4;q=0.2, text/plain;q=0.9, application/*;q=0.5"),
            Format::openmetrics);
}

TEST(ScrapeFormat, IsNothingWhenNeitherIsTaken) {
  EXPECT_EQ(scrape_format("image/png"), std::nullopt);
  EXPECT_EQ(scrape_format("*/*;q=0"), std::nullopt);
  EXPECT_EQ(scrape_format("text/plain;charset=latin1"), std::nullopt);
  EXPECT_EQ(scrape_format("text/plain;q=0.0"), std::nullopt);
  EXPECT_EQ(scrape_format("plain, ;;, text/"), std::nullopt);
}

TEST(ScrapeFormat, ABrokenWeightIsNone) {
  using telemetry::Format;
  EXPECT_EQ(scrape_format("text/plain;q=x,application/openmetrics-text;q=0.9"), Format::classic);
  EXPECT_EQ(scrape_format("text/plain;q=nan,application/openmetrics-text;q=0.9"), Format::classic);
  EXPECT_EQ(scrape_format("text/plain;q=7,application/openmetrics-text;q=0.9"), Format::classic);
}

TEST_F(MetricsRoute, PacksOnRequest) {
  auto wire = server.tcp();
  const auto packed = wire.ask(get("/metrics", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  const auto text = http::test::gunzip(packed.body);
  EXPECT_THAT(text, testing::HasSubstr("\n# TYPE http_requests_total counter\n"));
  EXPECT_LT(packed.body.size(), text.size() / 3);
  wire.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(wire.reply(Body::none).status, 200);
}

TEST_F(MetricsRoute, ScrapeShowsTheOnesBeforeIt) {
  auto wire = server.tcp();
  const auto first = wire.ask(get("/metrics")).body;
  EXPECT_EQ(value(first, R"(metrics_scrapes_total{code="200"})"), 0);
  EXPECT_EQ(value(first, "metrics_exposed_bytes"), -1);
  EXPECT_EQ(value(first, R"(http_requests_total{endpoint="/metrics",method="GET",status="200"})"), 0);
  const auto second = wire.ask(get("/metrics")).body;
  EXPECT_EQ(value(second, R"(metrics_scrapes_total{code="200"})"), 1);
  EXPECT_EQ(value(second, "metrics_scrape_duration_seconds_count"), 1);
  EXPECT_EQ(value(second, R"(http_requests_total{endpoint="/metrics",method="GET",status="200"})"), 1);
  EXPECT_EQ(value(second, R"(http_request_duration_seconds_count{endpoint="/metrics",method="GET"})"), 1);
  EXPECT_EQ(value(second, "metrics_exposed_bytes"), static_cast<double>(first.size()));
  std::size_t samples = 0;
  std::string_view rest = first;
  while (!rest.empty()) {
    samples += rest.front() != '#' && rest.front() != '\n' ? 1 : 0;
    rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
  }
  EXPECT_EQ(value(second, "metrics_exposed_series"), static_cast<double>(samples));
}

// By a scraper off this machine, whom a proxy brings.
class FarScraper : public test::AccountsTest {
 protected:
  static std::string request(const std::string& more) {
    return get("/metrics", "X-Forwarded-For: 203.0.113.9\r\n" + more);
  }
  std::string proof() {
    const auto made = ask("POST", "/api/v1/tokens", login("admin"),
                          nlohmann::json{{"name", "prometheus"}, {"kind", "scrape"}});
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string token = nlohmann::json::parse(made.body).at("token");
    return "Authorization: Bearer " + token + "\r\n";
  }
  double scrapes(int code) {
    return metric("metrics_scrapes_total{code=\"" + std::to_string(code) + "\"}");
  }
  // Of each wire, because an answer is in the client's hands an instant before it is counted.
  static void settle(http::test::Wire& wire) { EXPECT_EQ(wire.ask(get("/health/live")).status, 200); }
};

TEST_F(FarScraper, IsCountedByWhatItWasAnswered) {
  const auto good = proof();
  auto wire = server.tcp();
  EXPECT_EQ(wire.ask(request("")).status, 401);
  EXPECT_EQ(wire.ask(request("Authorization: Bearer pls_wrong\r\n")).status, 401);
  EXPECT_EQ(wire.ask(request(good)).status, 200);
  EXPECT_EQ(wire.ask(request(good + "Accept: image/png\r\n")).status, 406);
  settle(wire);
  EXPECT_EQ(scrapes(401), 2);
  EXPECT_EQ(scrapes(200), 1);
  EXPECT_EQ(scrapes(406), 1);
  EXPECT_EQ(scrapes(429), 0);
  EXPECT_EQ(scrapes(500), 0);
  EXPECT_EQ(scrapes(503), 0);
}

TEST_F(FarScraper, ThatMayNotIsCountedAsOneWithoutProof) {
  auto viewer = login("viewer");
  auto wire = server.tcp();
  wire.send("GET /metrics HTTP/1.1\r\nHost: house\r\nCookie: " + viewer.cookie + "\r\n\r\n");
  EXPECT_EQ(wire.reply().status, 403);
  settle(wire);
  EXPECT_EQ(scrapes(401), 1);
}

TEST_F(FarScraper, IsSentAwayAfterSixHundredInAMinute) {
  const auto often = request(proof() + "Accept: image/png\r\n");
  auto wire = server.tcp();
  for (std::uint32_t i = 0; i < scrapes_a_minute; ++i) ASSERT_EQ(wire.ask(often).status, 406) << i;
  const auto refused = wire.ask(often);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "60");
  EXPECT_EQ(wire.ask(get("/metrics")).status, 200) << "the machine itself is not counted";
  EXPECT_EQ(scrapes(429), 1);
  clock.advance(std::chrono::seconds{61});
  EXPECT_EQ(wire.ask(often).status, 406);
}

// A token that cannot be judged yet is no wrong one.
class EarlyScraper : public test::ApiTest {
 protected:
  EarlyScraper() : ApiTest(false) {}
};

TEST_F(EarlyScraper, IsCountedAsOneWhoCameTooEarly) {
  auto wire = server.tcp();
  EXPECT_EQ(wire.ask(get("/metrics", "Authorization: Bearer pls_any\r\n")).status, 503);
  const auto text = wire.ask(get("/metrics")).body;
  EXPECT_THAT(text, testing::HasSubstr("\nmetrics_scrapes_total{code=\"503\"} 1\n"));
  EXPECT_THAT(text, testing::HasSubstr("\nmetrics_scrapes_total{code=\"401\"} 0\n"));
}

TEST_F(MetricsRoute, TakesNothingButGetAndHead) {
  const auto reply = server.tcp().ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
}

}  // namespace
}  // namespace porchlight::api
