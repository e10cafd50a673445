// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/responder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <vector>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::route;
using test::RunningServer;
using test::says;

// Responders of /later, for the test's own thread to answer.
class Desk {
 public:
  Handler handler() {
    return [this](const Request&, Responder responder) {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(responder));
      arrived_.notify_all();
    };
  }
  Responder take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, 10s, [this] { return !waiting_.empty(); })) std::abort();
    auto first = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Responder> waiting_;
};

Router with_desk(Desk& desk, std::optional<std::chrono::milliseconds> deadline = {}) {
  Router router;
  router.add(route(Method::get, "/now", says("now")));
  auto later = route(Method::get, "/later", desk.handler());
  later.answer = deadline;
  router.add(std::move(later));
  return router;
}

TEST(Responder, AnswersFromAnotherThread) {
  Desk desk;
  RunningServer house(with_desk(desk));
  auto wire = house.tcp();
  wire.send(get("/later"));
  const auto responder = desk.take();
  EXPECT_EQ(house.tcp().ask(get("/now")).body, "now");  // nobody waits for the slow one
  EXPECT_TRUE(responder.send(Response{200, {}, "done"}));
  EXPECT_EQ(wire.reply().body, "done");
}

TEST(Responder, AnswersOnce) {
  Desk desk;
  RunningServer house(with_desk(desk));
  auto wire = house.tcp();
  wire.send(get("/later"));
  const auto responder = desk.take();
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    for (int i = 0; i < 4; ++i) {
      racers.emplace_back([&, copy = responder] { winners += copy.send(Response{200, {}, "done"}) ? 1 : 0; });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(wire.reply().body, "done");
  EXPECT_EQ(wire.ask(get("/now")).body, "now");
}

TEST(Responder, DroppedOneAnswers503) {
  Desk desk;
  RunningServer house(with_desk(desk));
  auto wire = house.tcp();
  wire.send(get("/later"));
  { const auto dropped = desk.take(); }
  EXPECT_EQ(wire.reply().status, 503);
  EXPECT_EQ(wire.ask(get("/now")).status, 200);
}

// The late answer of one request must never be taken for the answer of the next one.
TEST(Responder, AnswerAfterTheDeadlineGoesNowhere) {
  Desk desk;
  RunningServer house(with_desk(desk, 100ms));
  auto wire = house.tcp();
  wire.send(get("/later"));
  const auto late = desk.take();
  const auto reply = wire.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, testing::HasSubstr("may still happen"));
  wire.send(get("/later"));
  const auto second = desk.take();
  EXPECT_TRUE(late.send(Response{200, {}, "of the first"}));
  EXPECT_TRUE(second.send(Response{200, {}, "of the second"}));
  EXPECT_EQ(wire.reply().body, "of the second");
}

TEST(Responder, AnswerForAVanishedClientGoesNowhere) {
  Desk desk;
  RunningServer house(with_desk(desk));
  auto wire = house.tcp();
  wire.send(get("/later"));
  const auto responder = desk.take();
  wire.close();
  responder.send(Response{200, {}, std::string(5'000'000, 'x')});
  EXPECT_EQ(house.tcp().ask(get("/now")).body, "now");
  auto connections = house.metrics.gauge("active_connections");
  for (int i = 0; i < 500 && connections.value() > 0; ++i) house.control().readable_within(10);
  EXPECT_EQ(connections.value(), 0);
}

TEST(Responder, OutlivesTheServer) {
  Desk desk;
  std::optional<Responder> responder;
  {
    RunningServer house(with_desk(desk));
    auto wire = house.tcp();
    wire.send(get("/later"));
    responder = desk.take();
    house.stop();
    bool ended = false;
    EXPECT_EQ(wire.rest(&ended), "");
    EXPECT_TRUE(ended);
  }
  EXPECT_TRUE(responder->send(Response{200, {}, "too late"}));
}

TEST(Responder, ManyThreadsManyRequests) {
  Desk desk;
  RunningServer house(with_desk(desk));
  std::jthread answering([&desk] {
    for (int i = 0; i < 400; ++i) desk.take().send(Response{200, {}, "done"});
  });
  std::vector<std::jthread> clients;
  std::atomic<int> answered = 0;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&] {
      auto wire = house.tcp();
      for (int i = 0; i < 100; ++i) answered += wire.ask(get("/later")).body == "done" ? 1 : 0;
    });
  }
  clients.clear();
  EXPECT_EQ(answered, 400);
}

// The contract says 200 ms; what is held here is that nothing waits for a client's deadline.
TEST(Responder, StopDoesNotWaitForOpenConnections) {
  Desk desk;
  RunningServer house(with_desk(desk));
  std::vector<test::Wire> wires;
  for (int i = 0; i < 20; ++i) {
    wires.push_back(house.tcp());
    wires.back().send(i % 2 == 0 ? get("/later") : std::string("GET /n"));
  }
  const auto responder = desk.take();
  const auto begun = std::chrono::steady_clock::now();
  house.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_EQ(house.metrics.gauge("active_connections").value(), 0);
  EXPECT_EQ(house.metrics.gauge("http_requests_in_flight").value(), 0);
}

}  // namespace
}  // namespace porchlight::http
