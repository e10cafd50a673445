// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/api_house.hpp"
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
  EXPECT_EQ(reply.headers.at("vary"), "Accept-Encoding");
  EXPECT_EQ(reply.headers.count("content-encoding"), 0U);
  EXPECT_THAT(reply.body, testing::HasSubstr("\n# TYPE http_requests_total counter\n"));
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

TEST_F(MetricsRoute, TakesNothingButGetAndHead) {
  const auto reply = server.tcp().ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
}

}  // namespace
}  // namespace porchlight::api
