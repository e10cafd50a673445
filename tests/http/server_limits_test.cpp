// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using test::echoes;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::Wire;

constexpr std::size_t giant = 48 * 1024 * 1024;

Router rooms() {
  Router router;
  router.add(route(Method::get, "/greeting", says("hello")));
  router.add(route(Method::post, "/echo", echoes()));
  auto wide = route(Method::post, "/wide", echoes());
  wide.body_bytes = 200'000;
  router.add(std::move(wide));
  auto narrow = route(Method::post, "/narrow", echoes());
  narrow.body_bytes = 4;
  router.add(std::move(narrow));
  router.add(route(Method::get, "/giant", says(std::string(giant, 'g'))));
  return router;
}

std::string post(const std::string& path, std::size_t size) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
         std::string(size, 'b');
}

void expect_closed(Wire& wire) {
  bool ended = false;
  wire.rest(&ended);
  EXPECT_TRUE(ended);
}

TEST(ServerLimits, HeaderOfMoreThan8KiBIs431) {
  RunningServer house(rooms());
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/greeting", "X: " + std::string(7000, 'x') + "\r\n")).status, 200);
  EXPECT_EQ(wire.ask(get("/greeting", "X: " + std::string(8192, 'x') + "\r\n")).status, 431);
  expect_closed(wire);
}

TEST(ServerLimits, HeaderLinesAndQueryValuesAreCounted) {
  RunningServer house(rooms());
  std::string lines;
  for (int i = 0; i < 99; ++i) lines += "X: y\r\n";  // and Host
  EXPECT_EQ(house.tcp().ask(get("/greeting", lines)).status, 200);
  EXPECT_EQ(house.tcp().ask(get("/greeting", lines + "X: y\r\n")).status, 431);
  EXPECT_EQ(house.tcp().ask(get("/greeting?" + std::string(63, '&'))).status, 200);
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/greeting?" + std::string(64, '&'))).status, 400);
  expect_closed(wire);
}

TEST(ServerLimits, BodyLimitIsTheRoutesOwn) {
  RunningServer house(rooms());
  EXPECT_EQ(house.tcp().ask(post("/echo", 64 * 1024)).body.size(), 64U * 1024);
  EXPECT_EQ(house.tcp().ask(post("/echo", 64 * 1024 + 1)).status, 413);
  EXPECT_EQ(house.tcp().ask(post("/wide", 200'000)).body.size(), 200'000U);
  EXPECT_EQ(house.tcp().ask(post("/wide", 200'001)).status, 413);
  EXPECT_EQ(house.tcp().ask(post("/narrow", 4)).status, 200);
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(post("/narrow", 5)).status, 413);
  expect_closed(wire);
}

// A client that has sent far more than it may still gets to read why it was refused.
TEST(ServerLimits, RefusalReachesAClientInMidSentence) {
  RunningServer house(rooms());
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(post("/echo", 150'000)).status, 413);
}

// Were the deadline pushed on by every byte, this loop would run until its end.
template <class NextByte>
bool cut_while_dripping(Wire& wire, NextByte next) {
  for (int i = 0; i < 400; ++i) {
    if (wire.readable_within(20)) return true;
    wire.send(std::string(1, next(i)));
  }
  return false;
}

TEST(ServerLimits, SlowHeaderIsCut) {
  RunningServer house(rooms(), {.header_read = 300ms});
  auto wire = house.tcp();
  wire.send("GET /greeting HTTP/1.1\r\nHost: x\r\nX: ");
  EXPECT_TRUE(cut_while_dripping(wire, [](int) { return 'x'; }));
  EXPECT_EQ(wire.reply().status, 408);
  expect_closed(wire);
}

TEST(ServerLimits, SlowBodyIsCut) {
  RunningServer house(rooms(), {.body_read = 300ms});
  auto wire = house.tcp();
  wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_TRUE(cut_while_dripping(wire, [](int) { return 'b'; }));
  EXPECT_EQ(wire.reply().status, 408);
  expect_closed(wire);
}

TEST(ServerLimits, SilentClientIsClosed) {
  RunningServer house(rooms(), {.header_read = 100ms});
  auto wire = house.tcp();
  bool ended = false;
  EXPECT_EQ(wire.rest(&ended), "");
  EXPECT_TRUE(ended);
}

TEST(ServerLimits, IdleConnectionIsClosed) {
  RunningServer house(rooms(), {.idle = 100ms});
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/greeting")).status, 200);
  bool ended = false;
  EXPECT_EQ(wire.rest(&ended), "");
  EXPECT_TRUE(ended);
}

TEST(ServerLimits, ClientThatDoesNotReadIsClosed) {
  RunningServer house(rooms(), {.write = 200ms});
  auto stuck = house.tcp();
  stuck.send(get("/giant"));
  // The deadline has passed when its place is free again.
  auto connections = house.metrics.gauge("active_connections");
  for (int i = 0; i < 500 && !stuck.readable_within(10); ++i) {
  }
  for (int i = 0; i < 500 && connections.value() > 0; ++i) house.control().readable_within(10);
  EXPECT_EQ(connections.value(), 0);
  bool ended = false;
  EXPECT_LT(stuck.rest(&ended).size(), giant);
  EXPECT_TRUE(ended);
}

// A window that is long over would close it, were a window all that an answer has.
TEST(ServerLimits, ReaderThatTakesEnoughMayTakeItsTime) {
  RunningServer house(rooms(), {.write = 1s, .write_bytes = 1});
  auto wire = house.tcp();
  wire.send(get("/giant", "Connection: close\r\n"));
  std::size_t got = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (std::string piece = wire.some(); !piece.empty(); piece = wire.some()) {
    got += piece.size();
    std::this_thread::sleep_for(3ms);
  }
  EXPECT_GT(got, giant);
  EXPECT_GT(std::chrono::steady_clock::now() - begun, 1500ms);
}

TEST(ServerLimits, ConnectionServesABoundedNumberOfRequests) {
  RunningServer house(rooms(), {.requests_per_connection = 3});
  auto wire = house.tcp();
  wire.send(get("/greeting") + get("/greeting") + get("/greeting") + get("/greeting"));
  EXPECT_EQ(wire.reply().headers.count("connection"), 0U);
  EXPECT_EQ(wire.reply().headers.count("connection"), 0U);
  EXPECT_EQ(wire.reply().headers["connection"], "close");
  expect_closed(wire);
}

TEST(ServerLimits, EachPeerHasItsPlacesAndTheyComeBack) {
  RunningServer house(rooms(), {.connections_per_peer = 3});
  std::vector<Wire> seated;
  for (int i = 0; i < 3; ++i) {
    seated.push_back(house.tcp());
    EXPECT_EQ(seated.back().ask(get("/greeting")).status, 200);
  }
  auto turned_away = house.tcp();
  EXPECT_EQ(turned_away.reply().status, 503);
  expect_closed(turned_away);
  EXPECT_EQ(house.tcp("127.0.0.2").ask(get("/greeting")).status, 200);
  seated.pop_back();
  int status = 503;
  for (int i = 0; i < 500 && status != 200; ++i) status = house.tcp().ask(get("/greeting")).status;
  EXPECT_EQ(status, 200);
}

TEST(ServerLimits, FullTcpLeavesTheControlSocketReachable) {
  RunningServer house(rooms(), {.connections = 2});
  auto first = house.tcp("127.0.0.2");
  auto second = house.tcp("127.0.0.3");
  EXPECT_EQ(first.ask(get("/greeting")).status, 200);
  EXPECT_EQ(second.ask(get("/greeting")).status, 200);
  EXPECT_EQ(house.tcp("127.0.0.4").reply().status, 503);
  EXPECT_EQ(house.control().ask(get("/greeting")).status, 200);
}

// No descriptor is left for anybody while this lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd lowest_free(::dup(0));
    const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free.get()), .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(ServerLimits, WaitingClientIsServedWhenDescriptorsComeBack) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs a pipe for its own checks and reports good objects without one";
#endif
  RunningServer house(rooms());
  auto control = house.control();
  control.ask(get("/greeting"));
  auto wire = Wire::not_yet_connected();
  {
    const NoDescriptors exhausted;
    ASSERT_TRUE(wire.connect(house.server->port()));
    wire.send(get("/greeting"));
    // Two rounds on an open connection: the listener has looked at its door in between.
    EXPECT_EQ(control.ask(get("/greeting")).status, 200);
    EXPECT_EQ(control.ask(get("/greeting")).status, 200);
    EXPECT_EQ(house.metrics.gauge("active_connections").value(), 0);
  }
  EXPECT_EQ(wire.reply().status, 200);
}

}  // namespace
}  // namespace porchlight::http
