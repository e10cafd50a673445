// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "http/client_frame.hpp"
#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::client_frame;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::Wire;
using testing::HasSubstr;

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// Routes that keep what they opened for the test to use.
struct Openings {
  std::mutex mutex;
  std::vector<Sink> sinks;
  std::vector<WebSocket> sockets;
  std::vector<std::uint16_t> codes;
  std::atomic<int> closed{0};

  template <class T>
  bool has_any(const std::vector<T>& opened) {
    const std::lock_guard lock(mutex);
    return !opened.empty();
  }
  Sink sink() {
    EXPECT_TRUE(eventually([this] { return has_any(sinks); }));
    const std::lock_guard lock(mutex);
    return sinks.back();
  }
  WebSocket socket() {
    EXPECT_TRUE(eventually([this] { return has_any(sockets); }));
    const std::lock_guard lock(mutex);
    return sockets.back();
  }
  std::vector<std::uint16_t> close_codes() {
    const std::lock_guard lock(mutex);
    return codes;
  }
};

Handler event_route(Openings& openings, std::size_t queue_bytes) {
  return [&openings, queue_bytes](const Request&, const Responder& responder) {
    StreamBody body;
    body.queue_bytes = queue_bytes;
    body.opened = [&openings](Sink sink) {
      sink.send(server_sent_event("hello", "you", "1"));
      const std::lock_guard lock(openings.mutex);
      openings.sinks.push_back(std::move(sink));
    };
    body.closed = [&openings] { ++openings.closed; };
    responder.send(open_stream(std::move(body)));
  };
}

// Echoes; `throw` throws, `bye` closes.
Handler socket_route(Openings& openings) {
  return [&openings](const Request& request, const Responder& responder) {
    WebSocketBody body;
    body.message_bytes = 1000;
    body.opened = [&openings](WebSocket socket) {
      const std::lock_guard lock(openings.mutex);
      openings.sockets.push_back(std::move(socket));
    };
    body.message = [](const WebSocket& socket, MessageKind kind, const std::string& text) {
      if (text == "throw") throw std::runtime_error("thrown");
      if (text == "bye") return socket.close(4000, "as you wish");
      kind == MessageKind::text ? socket.send_text(text) : socket.send_binary(text);
    };
    body.closed = [&openings](std::uint16_t code) {
      const std::lock_guard lock(openings.mutex);
      openings.codes.push_back(code);
    };
    responder.send(accept_websocket(request, std::move(body), {"https://friend.example.org"}));
  };
}

Router rooms(Openings& openings) {
  Router router;
  router.add(route(Method::get, "/greeting", says("hello")));
  router.add(route(Method::get, "/events", event_route(openings, 0)));
  router.add(route(Method::get, "/narrow", event_route(openings, 1000)));
  router.add(route(Method::get, "/ws", socket_route(openings)));
  return router;
}

class ServerStream : public testing::Test {
 protected:
  Openings openings;
  RunningServer house{rooms(openings), {.keepalive = 30s}};

  double counted(const char* name) { return house.metrics.counter(name).value(); }
};

// Reads until `text` has come.
bool comes(Wire& wire, std::string& seen, std::string_view text) {
  for (int i = 0; i < 2000 && seen.find(text) == std::string::npos; ++i) {
    if (wire.readable_within(10)) seen += wire.some();
  }
  return seen.find(text) != std::string::npos;
}

TEST(ServerSentEvent, CannotBeBrokenByItsContents) {
  EXPECT_EQ(server_sent_event("ring", "{}", "7"), "event: ring\nid: 7\ndata: {}\n\n");
  EXPECT_EQ(server_sent_event("a\nb", "x\r\ny\rz\n", "1\n2"),
            "event: ab\nid: 12\ndata: x\ndata: y\ndata: z\ndata: \n\n");
  EXPECT_EQ(server_sent_event("", ""), "data: \n\n");
}

TEST_F(ServerStream, SendsEventsAsTheyHappen) {
  auto wire = house.tcp();
  auto head = wire.ask(get("/events"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers["content-type"], "text/event-stream");
  EXPECT_EQ(head.headers["connection"], "close");
  EXPECT_EQ(head.headers.count("content-length"), 0U);
  std::string seen;
  EXPECT_TRUE(comes(wire, seen, "event: hello\nid: 1\ndata: you\n\n"));
  const auto sink = openings.sink();
  EXPECT_TRUE(sink.send("data: later\n\n"));
  EXPECT_TRUE(comes(wire, seen, "data: later\n\n"));
  EXPECT_EQ(house.tcp().ask(get("/greeting")).body, "hello");
}

TEST_F(ServerStream, EndsAfterWhatWasSent) {
  auto wire = house.tcp();
  wire.ask(get("/events"));
  const auto sink = openings.sink();
  EXPECT_TRUE(sink.send("data: last\n\n"));
  sink.close();
  EXPECT_FALSE(sink.send("data: too late\n\n"));
  bool ended = false;
  const auto rest = wire.rest(&ended);
  EXPECT_TRUE(ended);
  EXPECT_THAT(rest, testing::EndsWith("data: last\n\n"));
  EXPECT_TRUE(eventually([&] { return openings.closed == 1; }));
}

TEST_F(ServerStream, KnowsWhenItsClientHasLeft) {
  auto wire = house.tcp();
  wire.ask(get("/events"));
  const auto sink = openings.sink();
  EXPECT_TRUE(sink.is_open());
  wire.close();
  EXPECT_TRUE(eventually([&] { return openings.closed == 1; }));
  EXPECT_FALSE(sink.is_open());
  EXPECT_FALSE(sink.send("data: nobody\n\n"));
  EXPECT_EQ(counted("http_slow_readers_dropped_total"), 0);
}

TEST_F(ServerStream, DropsAClientThatDoesNotDrain) {
  auto slow = house.tcp();
  slow.ask(get("/narrow"));
  const auto sink = openings.sink();
  auto quick = house.tcp();
  quick.ask(get("/events"));
  // More than the kernel's buffers take, in pieces that each fit.
  bool dropped = false;
  for (int i = 0; i < 200'000 && !dropped; ++i) {
    dropped = !sink.send(std::string(900, 'x'));
    if (i % 16 == 0) house.control().ask(get("/greeting"));  // the listener has its turn
  }
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(eventually([&] { return openings.closed == 1; }));
  EXPECT_EQ(counted("http_slow_readers_dropped_total"), 1);
  const auto other = openings.sink();
  EXPECT_TRUE(other.send("data: still\n\n"));
  std::string seen;
  EXPECT_TRUE(comes(quick, seen, "data: still\n\n"));
}

TEST_F(ServerStream, RefusesOneMessageLargerThanItsQueue) {
  auto wire = house.tcp();
  wire.ask(get("/narrow"));
  EXPECT_FALSE(openings.sink().send(std::string(1001, 'x')));
  EXPECT_TRUE(eventually([&] { return openings.closed == 1; }));
}

TEST_F(ServerStream, TakesSendersOnEveryThread) {
  auto wire = house.tcp();
  wire.ask(get("/events"));
  const auto sink = openings.sink();
  std::vector<std::thread> senders;
  for (int thread = 0; thread < 4; ++thread)
    senders.emplace_back([sink] {
      for (int i = 0; i < 100; ++i) sink.send("data: 0123456789\n\n");
    });
  for (auto& sender : senders) sender.join();
  sink.close();
  std::size_t lines = 0;
  const auto rest = wire.rest();
  for (auto at = rest.find("data: 0123456789\n\n"); at != std::string::npos;
       at = rest.find("data: 0123456789\n\n", at + 1))
    ++lines;
  EXPECT_EQ(lines, 400U);
}

TEST_F(ServerStream, OutlivesItsServer) {
  auto wire = house.tcp();
  wire.ask(get("/events"));
  const auto sink = openings.sink();
  house.stop();
  EXPECT_EQ(openings.closed, 1);
  EXPECT_FALSE(sink.send("data: nobody\n\n"));
  house.server.reset();
  EXPECT_FALSE(sink.send("data: nobody\n\n"));
  sink.close();
}

TEST_F(ServerStream, AnswersHeadWithoutOpening) {
  auto wire = house.tcp();
  wire.send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(wire.reply(test::Body::none).status, 200);
  bool ended = false;
  EXPECT_EQ(wire.rest(&ended), "");
  EXPECT_TRUE(ended);
  EXPECT_TRUE(openings.sinks.empty());
}

TEST(ServerStreamLife, IsShownWhileNothingHappens) {
  Openings openings;
  RunningServer house(rooms(openings), {.keepalive = 50ms});
  auto wire = house.tcp();
  wire.ask(get("/events"));
  std::string seen;
  EXPECT_TRUE(comes(wire, seen, "\n\n:\n\n:\n\n"));
}

// Nothing new is sent, but what waits does not go out either.
TEST(ServerStreamLife, EndsForAClientThatTakesNothing) {
  Openings openings;
  RunningServer house(rooms(openings), {.stream_queue_bytes = 64U << 20U, .keepalive = 100ms});
  auto wire = house.tcp();
  wire.ask(get("/events"));
  EXPECT_TRUE(openings.sink().send(std::string(32U << 20U, 'x')));
  EXPECT_TRUE(eventually([&] { return openings.closed == 1; }));
  EXPECT_EQ(house.metrics.counter("http_slow_readers_dropped_total").value(), 1);
}

std::string handshake(std::string_view more = {}, std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==") {
  return get("/ws",
             "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: " +
                 std::string(key) + "\r\n" + std::string(more));
}

class ServerWebSocket : public ServerStream {
 protected:
  Wire opened() {
    auto wire = house.tcp();
    auto head = wire.ask(handshake());
    EXPECT_EQ(head.status, 101);
    EXPECT_EQ(head.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(head.headers["upgrade"], "websocket");
    EXPECT_EQ(head.headers["connection"], "Upgrade");
    return wire;
  }
  // What a connection answers to `bytes` up to its end.
  std::string last_words(const std::string& bytes) {
    auto wire = opened();
    wire.send(bytes);
    bool ended = false;
    auto rest = wire.rest(&ended);
    EXPECT_TRUE(ended);
    return rest;
  }
};

TEST_F(ServerWebSocket, EchoesMessages) {
  auto wire = opened();
  std::string seen;
  wire.send(client_frame(Opcode::text, "hällo"));
  EXPECT_TRUE(comes(wire, seen, websocket_frame(Opcode::text, "hällo")));
  wire.send(client_frame(Opcode::binary, "a\0b"s, false) + client_frame(Opcode::ping, "are you there") +
            client_frame(Opcode::continuation, "c"));
  EXPECT_TRUE(
      comes(wire, seen,
            websocket_frame(Opcode::pong, "are you there") + websocket_frame(Opcode::binary, "a\0bc"s)));
  EXPECT_TRUE(openings.socket().send_text("from outside"));
  EXPECT_TRUE(comes(wire, seen, websocket_frame(Opcode::text, "from outside")));
}

TEST_F(ServerWebSocket, ReadsFramesThatCameWithTheHandshake) {
  auto wire = house.tcp();
  wire.send(handshake() + client_frame(Opcode::text, "early"));
  EXPECT_EQ(wire.reply().status, 101);
  std::string seen;
  EXPECT_TRUE(comes(wire, seen, websocket_frame(Opcode::text, "early")));
}

TEST_F(ServerWebSocket, SaysFarewell) {
  EXPECT_EQ(last_words(client_frame(Opcode::close, "\x0f\xa1")), websocket_close_frame(4001, {}));
  EXPECT_EQ(last_words(client_frame(Opcode::close, "")), websocket_close_frame(1000, {}));
  EXPECT_EQ(last_words(client_frame(Opcode::text, "bye")), websocket_close_frame(4000, "as you wish"));
  EXPECT_THAT(openings.close_codes(), testing::ElementsAre(4001, 1005, 1001));
}

TEST_F(ServerWebSocket, NamesWhatTheClientDidWrong) {
  EXPECT_EQ(last_words("\x81\x01"
                       "a"),
            websocket_close_frame(1002, {}));
  EXPECT_EQ(last_words(client_frame(Opcode::text, "\xff")), websocket_close_frame(1007, {}));
  EXPECT_EQ(last_words(client_frame(Opcode::text, std::string(1001, 'x'))), websocket_close_frame(1009, {}));
  EXPECT_THAT(openings.close_codes(), testing::Each(1006));
  EXPECT_EQ(house.tcp().ask(get("/greeting")).status, 200);
}

TEST_F(ServerWebSocket, EndsAloneWhenItsCallbackThrows) {
  last_words(client_frame(Opcode::text, "throw"));
  EXPECT_EQ(house.tcp().ask(get("/greeting")).status, 200);
}

TEST_F(ServerWebSocket, RefusesABadHandshake) {
  EXPECT_EQ(house.tcp().ask(get("/ws")).status, 400);
  EXPECT_EQ(house.tcp().ask(get("/ws", "Connection: Upgrade\r\nUpgrade: h2c\r\n")).status, 400);
  auto version = house.tcp().ask(
      get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"));
  EXPECT_EQ(version.status, 400);
  EXPECT_EQ(version.headers["sec-websocket-version"], "13");
  EXPECT_EQ(house.tcp().ask(handshake({}, "short")).status, 400);
  EXPECT_TRUE(openings.sockets.empty());
}

TEST_F(ServerWebSocket, OpensToItsOwnPagesOnly) {
  EXPECT_EQ(house.tcp().ask(handshake("Origin: http://localhost\r\n")).status, 101);
  EXPECT_EQ(house.tcp().ask(handshake("Origin: https://friend.example.org\r\n")).status, 101);
  for (const auto* foreign : {"http://evil.example.org", "null", "http://localhost.evil.example.org",
                              "https://localhost", "http://localhost:81"})
    EXPECT_EQ(house.tcp().ask(handshake("Origin: "s + foreign + "\r\n")).status, 403) << foreign;
}

TEST_F(ServerWebSocket, IsCounted) {
  auto open = house.metrics.gauge("websocket_connections");
  {
    auto wire = opened();
    EXPECT_TRUE(eventually([&] { return open.value() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return open.value() == 0; }));
  EXPECT_EQ(counted("websocket_connections_total"), 1);
}

TEST(ServerWebSocketLife, EndsWhenNobodyAnswersThePing) {
  Openings openings;
  RunningServer house(rooms(openings), {.keepalive = 2s});
  auto silent = house.tcp();
  EXPECT_EQ(silent.ask(handshake()).status, 101);
  auto lively = house.tcp();
  EXPECT_EQ(lively.ask(handshake()).status, 101);
  for (int i = 0; i < 2; ++i) {
    std::string seen;
    EXPECT_TRUE(comes(lively, seen, websocket_frame(Opcode::ping, {})));
    lively.send(client_frame(Opcode::pong, {}));
  }
  bool ended = false;
  silent.rest(&ended);
  EXPECT_TRUE(ended);
  std::string seen;
  lively.send(client_frame(Opcode::text, "still here"));
  EXPECT_TRUE(comes(lively, seen, "still here"));
}

}  // namespace
}  // namespace porchlight::http
