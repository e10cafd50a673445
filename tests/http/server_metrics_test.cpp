// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using test::Body;
using test::get;
using test::route;
using test::RunningServer;
using test::says;

Router rooms() {
  Router router;
  auto things = route(Method::get, "/things/{id}", says("thing"));
  things.statuses = {200, 503};
  router.add(std::move(things));
  router.add(route(Method::post, "/things/{id}", says("made")));
  return router;
}

class ServerMetrics : public testing::Test {
 protected:
  double requests(const std::string& method, const std::string& endpoint, int status) {
    return house.metrics
        .counter("http_requests_total",
                 {{"method", method}, {"endpoint", endpoint}, {"status", std::to_string(status)}})
        .value();
  }
  double total() {
    double sum = 0;
    for (const auto* method : {"GET", "POST", "HEAD", "other"}) {
      for (const auto* endpoint : {"/things/{id}", "unmatched"}) {
        for (const int status : {200, 400, 404, 405, 431}) sum += requests(method, endpoint, status);
      }
    }
    return sum;
  }
  // The answer is in the client's hands an instant before it is counted, so the count is waited for.
  void expect_one_more(const std::string& method, const std::string& endpoint, int status, const auto& act) {
    const double before = requests(method, endpoint, status);
    const double all_before = total();
    act();
    for (int i = 0; i < 500 && total() == all_before; ++i) house.control().readable_within(10);
    EXPECT_EQ(requests(method, endpoint, status), before + 1) << method << endpoint << status;
    EXPECT_EQ(total(), all_before + 1);
  }

  RunningServer house{rooms()};
};

TEST_F(ServerMetrics, CountsEachRequestOnceUnderItsTemplate) {
  expect_one_more("GET", "/things/{id}", 200, [&] { house.tcp().ask(get("/things/a")); });
  expect_one_more("GET", "/things/{id}", 200, [&] { house.control().ask(get("/things/b?c")); });
  expect_one_more("HEAD", "/things/{id}", 200, [&] {
    auto wire = house.tcp();
    wire.send("HEAD /things/a HTTP/1.1\r\nHost: x\r\n\r\n");
    wire.reply(Body::none);
  });
  expect_one_more("GET", "unmatched", 404, [&] { house.tcp().ask(get("/nothing/here")); });
  expect_one_more("other", "unmatched", 405,
                  [&] { house.tcp().ask("BREW /things/a HTTP/1.1\r\nHost: x\r\n\r\n"); });
  expect_one_more("other", "unmatched", 400, [&] { house.tcp().ask("nonsense\r\n\r\n"); });
}

TEST_F(ServerMetrics, ExistBeforeTheFirstRequest) {
  const auto text = house.metrics.exposition();
  for (const auto* line :
       {R"(http_requests_total{endpoint="/things/{id}",method="GET",status="200"} 0)",
        R"(http_requests_total{endpoint="/things/{id}",method="GET",status="503"} 0)",
        R"(http_requests_total{endpoint="/things/{id}",method="POST",status="200"} 0)",
        R"(http_request_duration_seconds_count{endpoint="/things/{id}",method="GET"} 0)",
        "active_connections 0", "active_connections_total 0", "http_requests_in_flight 0"}) {
    EXPECT_NE(text.find(std::string("\n") + line + "\n"), std::string::npos) << line;
  }
}

TEST_F(ServerMetrics, GaugesFollowTheConnections) {
  auto connections = house.metrics.gauge("active_connections");
  const auto under_its_other_name = house.metrics.gauge("active_connections_total");
  auto first = house.tcp();
  auto second = house.tcp();
  first.ask(get("/things/a"));
  second.ask(get("/things/a"));
  EXPECT_EQ(connections.value(), 2);
  house.control().ask(get("/things/a"));
  EXPECT_EQ(under_its_other_name.value(), 2);
  EXPECT_EQ(connections.value(), 2);  // TCP connections, the contract says
  first.close();
  for (int i = 0; i < 500 && under_its_other_name.value() > 1; ++i) house.control().readable_within(10);
  EXPECT_EQ(connections.value(), 1);
  EXPECT_EQ(under_its_other_name.value(), 1);
}

TEST_F(ServerMetrics, ShowTheLastTraceOfABucket) {
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  expect_one_more("GET", "/things/{id}", 200, [&] {
    house.tcp().ask(get("/things/a", "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\n"));
  });
  const auto text = house.metrics.scrape(telemetry::Format::openmetrics).text;
  const auto at = text.find(" # {trace_id=\"" + trace + "\"} ");
  ASSERT_NE(at, std::string::npos);
  const auto line = text.substr(text.rfind('\n', at) + 1);
  EXPECT_TRUE(line.starts_with(
      "http_request_duration_seconds_bucket{endpoint=\"/things/{id}\",method=\"GET\",le=\""))
      << line.substr(0, 200);
}

TEST(RouteDone, HearsWhatWasAnsweredWhoeverDidIt) {
  std::mutex mutex;
  std::vector<int> heard;
  auto moody = route(Method::get, "/moody", [](const Request& request, const Responder& responder) {
    if (request.query == "throw") throw std::runtime_error("no memory");
    if (request.query != "forget") responder.send(Response{200, {}, "well"});
  });
  moody.gate = [](Request& request) -> std::optional<Response> {
    if (request.query != "stranger") return std::nullopt;
    return Response{401, {}, "who are you?"};
  };
  moody.done = [&](int status) {
    const std::lock_guard lock(mutex);
    heard.push_back(status);
  };
  Router router;
  router.add(std::move(moody));
  RunningServer house(std::move(router));
  auto wire = house.tcp();
  const std::vector<std::pair<std::string, int>> expected = {
      {"", 200}, {"?throw", 500}, {"?forget", 503}, {"?stranger", 401}};
  for (const auto& [query, status] : expected) EXPECT_EQ(wire.ask(get("/moody" + query)).status, status);
  EXPECT_EQ(wire.ask(get("/nothing")).status, 404);  // the one before it has been told of by now
  const std::lock_guard lock(mutex);
  EXPECT_EQ(heard, (std::vector<int>{200, 500, 503, 401}));
}

}  // namespace
}  // namespace porchlight::http
