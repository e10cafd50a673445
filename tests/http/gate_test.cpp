// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>

#include "http/running_server.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::http {
namespace {

using namespace std::string_literals;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using testing::HasSubstr;

struct Caller {
  std::string name;
};

// Knows `Authorization: Bearer NAME`.
std::optional<Response> ask_for_a_name(Request& request) {
  const std::string_view said = request.header("authorization");
  if (!said.starts_with("Bearer ")) return Response{401, {{"WWW-Authenticate", "Bearer"}}, "who are you?"};
  request.identity = Caller{std::string(said.substr(7))};
  return std::nullopt;
}

Router rooms() {
  Router router;
  auto guarded = route(Method::post, "/guarded", [](const Request& request, const Responder& responder) {
    const auto* caller = request.identity_as<Caller>();
    const bool mistaken = request.identity_as<int>() != nullptr;
    responder.send(
        Response{200, {}, caller == nullptr || mistaken ? "nobody" : caller->name + ':' + request.body});
  });
  guarded.gate = ask_for_a_name;
  router.add(std::move(guarded));
  auto broken = route(Method::get, "/broken", says("let in"));
  broken.gate = [](Request&) -> std::optional<Response> { throw std::runtime_error("no memory"); };
  router.add(std::move(broken));
  auto picky = route(Method::post, "/picky", says("let in"));
  picky.gate = [](Request& request) -> std::optional<Response> {
    return Response{request.header("content-type").empty() ? 415 : 413, {}, "not this"};
  };
  router.add(std::move(picky));
  auto json = route(Method::post, "/json", test::echoes());
  json.payload = Payload::json;
  router.add(std::move(json));
  auto form = route(Method::post, "/form", [](const Request& request, const Responder& responder) {
    std::string text;
    for (const auto& part : request.parts) text += part.name + '=' + std::string(part.bytes) + ';';
    responder.send(Response{200, {}, text});
  });
  form.payload = Payload::form;
  router.add(std::move(form));
  router.add(route(Method::get, "/greeting", says("hello")));
  return router;
}

std::string post(const std::string& path, const std::string& body, const std::string& headers = {}) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Told {
  std::mutex mutex;
  std::vector<std::pair<Rejection, std::string>> all;
  auto listener() {
    return [this](Rejection reason, const Peer& peer, std::string_view detail) {
      const std::lock_guard lock(mutex);
      all.emplace_back(reason, peer.address + ": " + std::string(detail));
    };
  }
  std::pair<Rejection, std::string> last() {
    const std::lock_guard lock(mutex);
    return all.empty() ? std::pair{Rejection{}, "nothing"s} : all.back();
  }
};

class Gate : public testing::Test {
 protected:
  double rejections(const char* reason) {
    return house.metrics.counter("http_request_rejections_total", {{"reason", reason}}).value();
  }
  Told told;
  RunningServer house{rooms(), ServerOptions{.on_rejection = told.listener()}};
};

TEST_F(Gate, WhatItRefusesOfABodyIsCountedAsTheServersOwn) {
  EXPECT_EQ(house.tcp().ask(post("/picky", "abc")).status, 415);
  EXPECT_EQ(rejections("bad_content_type"), 1);
  EXPECT_EQ(house.tcp().ask(post("/picky", "abc", "Content-Type: text/plain\r\n")).status, 413);
  EXPECT_EQ(rejections("too_large"), 1);
  EXPECT_EQ(told.last().first, Rejection::too_large);
  EXPECT_EQ(house.tcp().ask(post("/guarded", "abc")).status, 401);
  EXPECT_EQ(rejections("too_large") + rejections("bad_content_type"), 2);
}

TEST_F(Gate, TellsTheHandlerWhoAsks) {
  EXPECT_EQ(house.tcp().ask(post("/guarded", "abc", "Authorization: Bearer ada\r\n")).body, "ada:abc");
}

TEST_F(Gate, RefusesBeforeTheBodyIsThere) {
  auto wire = house.tcp();
  wire.send("POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  const auto reply = wire.reply();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers.at("www-authenticate"), "Bearer");
  EXPECT_EQ(reply.headers.at("connection"), "close");
  auto polite = house.tcp();
  polite.send("POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(polite.reply().status, 401);
}

// The stranger learns that they are one, and not what the route would take.
TEST_F(Gate, RefusesBeforeTheLengthIsJudged) {
  for (const auto* length : {"70000", "18446744073709551615"}) {
    auto wire = house.tcp();
    wire.send("POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::string(length) + "\r\n\r\n");
    EXPECT_EQ(wire.reply().status, 401) << length;
    bool ended = false;
    EXPECT_EQ(wire.rest(&ended), "");
    EXPECT_TRUE(ended);
    auto known = house.tcp();
    known.send("POST /guarded HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\nContent-Length: " +
               std::string(length) + "\r\n\r\n");
    EXPECT_EQ(known.reply().status, 413) << length;
  }
  EXPECT_EQ(rejections("too_large"), 2);
}

TEST_F(Gate, LetsNobodyInWhenItThrows) {
  telemetry::set_log_level(telemetry::Level::critical);
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/broken")).status, 500);
  EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
  telemetry::set_log_level(telemetry::Level::info);
}

TEST_F(Gate, NeverTakesARefusedBodyForARequest) {
  auto wire = house.tcp();
  wire.send(post("/guarded", get("/greeting")));
  EXPECT_EQ(wire.reply().status, 401);
  bool ended = false;
  EXPECT_EQ(wire.rest(&ended), "");
  EXPECT_TRUE(ended);
}

TEST_F(Gate, KeepsTheConnectionWhenThereWasNoBody) {
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(post("/guarded", "")).status, 401);
  EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
}

TEST_F(Gate, IsCountedUnderItsRoute) {
  auto counter = house.metrics.counter("http_requests_total",
                                       {{"method", "POST"}, {"endpoint", "/guarded"}, {"status", "401"}});
  auto wire = house.tcp();
  wire.ask(post("/guarded", ""));
  wire.ask(get("/greeting"));  // the first was counted before this one was read
  EXPECT_EQ(counter.value(), 1);
}

TEST_F(Gate, HoldsJsonAgainstItsRoute) {
  const std::string type = "Content-Type: application/json; charset=utf-8\r\n";
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(post("/json", R"({"a":[1]})", type)).body, R"({"a":[1]})");
  EXPECT_EQ(wire.ask(post("/json", std::string(33, '[') + std::string(33, ']'), type)).status, 400);
  EXPECT_EQ(rejections("malformed"), 1);
  EXPECT_EQ(told.last(), std::pair(Rejection::malformed, "127.0.0.1: the JSON is nested too deeply"s));
  EXPECT_EQ(wire.ask(post("/json", "\"\xff\"", type)).status, 400);
  EXPECT_EQ(wire.ask(post("/json", "{}", "Content-Type: text/plain\r\n")).status, 415);
  EXPECT_EQ(wire.ask(post("/json", "{}")).status, 415);
  EXPECT_EQ(rejections("bad_content_type"), 2);
  EXPECT_EQ(wire.ask(post("/json", "{}", type)).status, 200);
}

TEST_F(Gate, TakesFormsApart) {
  const std::string type = "Content-Type: multipart/form-data; boundary=b\r\n";
  const std::string part = "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nvalue\r\n";
  std::string many;
  for (int i = 0; i < 17; ++i) many += part;
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(post("/form", part + "--b--", type)).body, "n=value;");
  EXPECT_EQ(wire.ask(post("/form", many + "--b--", type)).status, 400);
  EXPECT_EQ(wire.ask(post("/form", part, type)).status, 400);
  EXPECT_EQ(wire.ask(post("/form", part + "--b--", "Content-Type: text/plain\r\n")).status, 415);
}

TEST_F(Gate, TellsOfEveryRefusal) {
  house.tcp().ask("rubbish\r\n\r\n");
  EXPECT_EQ(told.last().first, Rejection::malformed);
  house.tcp().ask(get("/../etc/passwd"));
  EXPECT_EQ(told.last().first, Rejection::path_traversal);
  house.tcp("127.0.0.7").ask(get("/a%00b"));
  EXPECT_EQ(told.last(), std::pair(Rejection::injection_suspected, "127.0.0.7: malformed request target"s));
  house.tcp().ask(get("/greeting", "X: " + std::string(9000, 'x') + "\r\n"));
  EXPECT_EQ(told.last().first, Rejection::too_large);
  EXPECT_EQ(rejections("too_large"), 1);
}

}  // namespace
}  // namespace porchlight::http
