// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "http/malformed.hpp"
#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using test::Body;
using test::echoes;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using testing::HasSubstr;

Router small_house() {
  Router router;
  router.add(route(Method::get, "/", says("root")));
  router.add(route(Method::get, "/greeting", says("hello")));
  router.add(route(Method::post, "/echo", echoes()));
  router.add(route(Method::post, "/cellar", says("cellar"), Visibility::unix_only));
  router.add(route(Method::get, "/throws",
                   [](const Request&, const Responder&) { throw std::runtime_error("no"); }));
  router.add(route(Method::get, "/whoami", [](const Request& request, const Responder& responder) {
    const auto& peer = request.peer;
    responder.send(Response{200,
                            {},
                            peer.address + " " + std::to_string(peer.uid) + " " + std::to_string(peer.gid) +
                                " " + std::to_string(peer.pid)});
  }));
  return router;
}

TEST(Server, KeepsTheConnectionForTheNextRequest) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
}

TEST(Server, ClosesWhenTheClientSaysSo) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  wire.send(get("/greeting", "Connection: close\r\n"));
  EXPECT_EQ(wire.reply().headers["connection"], "close");
  bool ended = false;
  wire.rest(&ended);
  EXPECT_TRUE(ended);
}

TEST(Server, SpeaksHttp10) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  wire.send("GET /greeting HTTP/1.0\r\n\r\n");
  EXPECT_EQ(wire.reply().body, "hello");
  bool ended = false;
  wire.rest(&ended);
  EXPECT_TRUE(ended);
  auto keeping = house.tcp();
  EXPECT_EQ(keeping.ask("GET /greeting HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers["connection"],
            "keep-alive");
  EXPECT_EQ(keeping.ask(get("/greeting")).body, "hello");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  std::string stream;
  for (int i = 0; i < 200; ++i) {
    const auto text = "number " + std::to_string(i);
    stream += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(text.size()) +
              "\r\n\r\n" + text;
  }
  std::thread sender([&] { wire.send(stream); });
  for (int i = 0; i < 200; ++i) EXPECT_EQ(wire.reply().body, "number " + std::to_string(i));
  sender.join();
}

TEST(Server, AnswersHeadLikeGetWithoutTheBody) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  wire.send("HEAD /greeting HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = wire.reply(Body::none);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  // Had the body come, it would stand in front of the next answer.
  EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
}

TEST(Server, NamesTheMethodsItTakes) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  const auto reply = wire.ask("BREW /greeting HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
}

TEST(Server, AnswersUnknownPathsWithAProblem) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  const auto reply =
      wire.ask(get("/a%22b%ff", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
  EXPECT_EQ(reply.status, 404);
  const auto problem = nlohmann::json::parse(reply.body);
  EXPECT_EQ(problem.at("type"), "about:blank");
  EXPECT_EQ(problem.at("title"), "Not Found");
  EXPECT_EQ(problem.at("status"), 404);
  EXPECT_THAT(problem.at("detail").get<std::string>(), HasSubstr("a\"b"));
  EXPECT_EQ(problem.at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(Server, ShowsUnixOnlyRoutesOnTheSocketOnly) {
  RunningServer house(small_house());
  const std::string request = "POST /cellar HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(house.control().ask(request).body, "cellar");
  EXPECT_EQ(house.tcp().ask(request).status, 404);
}

TEST(Server, KnowsWhoAsksOnTheSocket) {
  RunningServer house(small_house());
  EXPECT_EQ(house.control().ask(get("/whoami")).body,
            "uid:" + std::to_string(::getuid()) + " " + std::to_string(::getuid()) + " " +
                std::to_string(::getgid()) + " " + std::to_string(::getpid()));
  EXPECT_EQ(house.tcp("127.0.0.9").ask(get("/whoami")).body, "127.0.0.9 0 0 0");
}

TEST(Server, ReturnsTheRequestIdAndGuardsItsAnswers) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  auto reply = wire.ask(get("/greeting", "X-Request-ID: abc-1.2_3\r\n"));
  EXPECT_EQ(reply.headers.at("x-request-id"), "abc-1.2_3");
  EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.headers.at("x-frame-options"), "DENY");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  EXPECT_EQ(reply.headers.at("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
  EXPECT_EQ(reply.headers.at("referrer-policy"), "no-referrer");
  reply = wire.ask(get("/greeting", "X-Request-ID: a b\r\n"));
  EXPECT_THAT(reply.headers.at("x-request-id"), testing::MatchesRegex("[0-9a-f]{32}"));
}

TEST(Server, SurvivesAThrowingHandler) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/throws")).status, 500);
  EXPECT_EQ(wire.ask(get("/greeting")).status, 200);
}

TEST(Server, AsksForABodyThatWaits) {
  RunningServer house(small_house());
  auto wire = house.tcp();
  wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wire.reply().status, 100);
  EXPECT_EQ(wire.ask("ab").body, "ab");
}

TEST(Server, RefusesTheMalformedAndCloses) {
  RunningServer house(small_house());
  auto corpus = test::malformed_by_grammar();
  for (auto& request : test::malformed_by_meaning()) corpus.push_back(std::move(request));
  for (const auto& request : corpus) {
    auto wire = house.tcp();
    EXPECT_EQ(wire.ask(request).status, 400) << testing::PrintToString(request);
    bool ended = false;
    EXPECT_EQ(wire.rest(&ended), "") << testing::PrintToString(request);
    EXPECT_TRUE(ended) << testing::PrintToString(request);
  }
  for (const auto& request : test::without_length()) {
    EXPECT_EQ(house.tcp().ask(request).status, 411) << testing::PrintToString(request);
  }
  EXPECT_EQ(house.tcp().ask(get("/greeting")).status, 200);
}

TEST(Server, RunsAgainAfterItWasStopped) {
  RunningServer house(small_house());
  auto before = house.tcp();
  EXPECT_EQ(before.ask(get("/greeting")).status, 200);
  house.stop();
  bool ended = false;
  before.rest(&ended);
  EXPECT_TRUE(ended);
  auto waiting = house.tcp();  // the listener stays bound in between
  ASSERT_TRUE(waiting.connected());
  house.again();
  EXPECT_EQ(waiting.ask(get("/greeting")).status, 200);
}

TEST(Server, BeatsWhileItIsIdle) {
  RunningServer house(small_house());
  // A round trip and a half beat later the heart has been heard at least once more.
  for (int i = 0; i < 200 && house.heartbeat.age() < std::chrono::milliseconds{300}; ++i)
    house.tcp().readable_within(10);
  bool beaten = false;
  for (int i = 0; i < 500 && !beaten; ++i) {
    house.control().readable_within(10);
    beaten = house.heartbeat.age() < std::chrono::milliseconds{200};
  }
  EXPECT_TRUE(beaten);
}

}  // namespace
}  // namespace porchlight::http
