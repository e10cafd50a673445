// SPDX-License-Identifier: Apache-2.0
// The metrics address beside the others: on a thread of its own.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <utility>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::Wire;

// A handler that waits, as one does whose disk does not answer, until the test lets it go.
struct Stuck {
  std::promise<void> entered;
  std::promise<void> released;

  Handler handler() {
    return [this, go = released.get_future().share()](const Request&, const Responder& responder) {
      entered.set_value();
      go.wait();
      responder.send(Response{200, {}, "at last"});
    };
  }
};

Router rooms(Handler stuck) {
  Router router;
  router.add(route(Method::get, "/metrics", says("numbers")));
  router.add(route(Method::get, "/health/live", says("alive")));
  router.add(route(Method::get, "/stuck", std::move(stuck)));
  return router;
}

ServerOptions with_metrics() {
  return {.metrics_listen = "127.0.0.1:0"};
}

TEST(MetricsListener, AnswersWhileTheOtherListenersAreStuck) {
  Stuck stuck;
  RunningServer house(rooms(stuck.handler()), with_metrics());
  auto waiting = house.tcp();
  waiting.send(get("/stuck"));
  stuck.entered.get_future().wait();
  auto scraper = Wire::tcp(house.server->metrics_port());
  EXPECT_EQ(scraper.ask(get("/metrics")).body, "numbers");
  EXPECT_EQ(scraper.ask(get("/health/live")).body, "alive");
  EXPECT_FALSE(waiting.readable_within(0)) << "it was not stuck";
  stuck.released.set_value();
  EXPECT_EQ(waiting.reply().body, "at last");
}

TEST(MetricsListener, BeatsByItself) {
  Stuck stuck;
  RunningServer house(rooms(stuck.handler()), with_metrics());
  auto waiting = house.tcp();
  waiting.send(get("/stuck"));
  stuck.entered.get_future().wait();
  const auto beats_alone = [&house] {
    return house.metrics_heartbeat.age() + std::chrono::seconds{1} < house.heartbeat.age();
  };
  bool seen = beats_alone();
  for (int i = 0; i < 3000 && !seen; ++i) {
    waiting.readable_within(10);
    seen = beats_alone();
  }
  EXPECT_TRUE(seen);
  stuck.released.set_value();
  EXPECT_EQ(waiting.reply().status, 200);
}

TEST(MetricsListener, CountsTogetherWithTheOthers) {
  Stuck unused;
  RunningServer house(rooms(unused.handler()), with_metrics());
  const auto open = house.metrics.gauge("active_connections");
  const telemetry::Labels scrape = {{"method", "GET"}, {"endpoint", "/metrics"}, {"status", "200"}};
  const auto scrapes = house.metrics.counter("http_requests_total", scrape);
  auto one = house.tcp();
  auto other = Wire::tcp(house.server->metrics_port());
  one.ask(get("/metrics"));
  other.ask(get("/metrics"));
  EXPECT_EQ(open.value(), 2);
  // The second answer of each comes after the first was counted.
  one.ask(get("/health/live"));
  other.ask(get("/health/live"));
  EXPECT_EQ(scrapes.value(), 2);
  other.close();
  for (int i = 0; i < 3000 && open.value() > 1; ++i) one.readable_within(10);
  EXPECT_EQ(open.value(), 1);
  house.stop();
  EXPECT_EQ(open.value(), 0);
}

TEST(MetricsListener, HasNothingElse) {
  Stuck unused;
  RunningServer house(rooms(unused.handler()), with_metrics());
  EXPECT_EQ(Wire::tcp(house.server->metrics_port()).ask(get("/stuck")).status, 404);
}

}  // namespace
}  // namespace porchlight::http
