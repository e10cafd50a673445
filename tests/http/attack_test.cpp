// SPDX-License-Identifier: Apache-2.0
// What a hostile client does on purpose. Each time: the right answer, a number, bounded memory, and the
// next client is served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::Wire;

// 0 under a sanitizer, which keeps what was freed.
std::size_t resident_kib() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 0;
#endif
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

class Attack : public testing::Test {
 protected:
  static Router rooms() {
    Router router;
    router.add(route(Method::get, "/greeting", says("hello")));
    router.add(route(Method::get, "/large", says(std::string(1'000'000, 'l'))));
    router.add(route(Method::post, "/echo", test::echoes()));
    return router;
  }
  double rejections(const char* reason) {
    return house.metrics.counter("http_request_rejections_total", {{"reason", reason}}).value();
  }
  void expect_served() {
    auto control = house.control();
    EXPECT_EQ(control.ask(get("/greeting")).body, "hello");
    EXPECT_EQ(house.tcp("127.0.0.77").ask(get("/greeting")).body, "hello");
  }
  RunningServer house{rooms(), {.header_read = 2s, .body_read = 2s, .write = 1s}};
};

TEST_F(Attack, AHundredThousandHeaderLines) {
  const auto before = resident_kib();
  for (int i = 0; i < 20; ++i) {
    auto wire = house.tcp();
    std::string lines = "GET /greeting HTTP/1.1\r\nHost: x\r\n";
    for (int line = 0; line < 100'000; ++line) lines += "X: y\r\n";
    wire.send(lines);
    EXPECT_EQ(wire.reply().status, 431);
  }
  EXPECT_EQ(rejections("too_large"), 20);
  EXPECT_LT(resident_kib(), before + 8 * 1024);
  expect_served();
}

TEST_F(Attack, OneLineWithoutEnd) {
  const auto before = resident_kib();
  auto wire = house.tcp();
  for (int i = 0; i < 1000; ++i) {
    if (!wire.send(std::string(16 * 1024, 'x'))) break;
  }
  EXPECT_EQ(wire.reply().status, 431);
  EXPECT_LT(resident_kib(), before + 8 * 1024);
  expect_served();
}

// The second request of each pair is what a careless reader would see after the first one.
TEST_F(Attack, SmugglingPairs) {
  const std::string inner = get("/greeting");
  const auto length = std::to_string(inner.size());
  const std::string post = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  double refused = 0;
  for (const auto& [headers, status] : std::vector<std::pair<std::string, int>>{
           {"Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n", 400},
           {"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400},
           {"Content-Length: 0\r\nContent-Length: " + length + "\r\n", 400},
           {"Content-Length: 0, " + length + "\r\n", 400},
           {"Content-Length: 0\r\n Content-Length: " + length + "\r\n", 400},
           {"X: a\r\n\tTransfer-Encoding: chunked\r\n", 400},
           {"Content-Length : " + length + "\r\n", 400},
           {"Transfer-Encoding : chunked\r\n", 400},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 411},
           {"Transfer-Encoding: xchunked\r\n", 411},
           {"Transfer-Encoding:\x0b"
            "chunked\r\n",
            400},
           {"transfer-encoding:\tchunked\r\n", 411},
           {"Content-Length: 0x5\r\n", 400},
           {"Content-Length: +5\r\n", 400},
           {"Content-Length: 5 \r\nX:\r y\r\n", 400},
           {"X: y\nContent-Length: 5\r\n", 400}}) {
    auto wire = house.tcp();
    wire.send(post + headers + "\r\n" + "0\r\n\r\n" + inner);
    EXPECT_EQ(wire.reply().status, status) << headers;
    bool ended = false;
    EXPECT_EQ(wire.rest(&ended), "") << headers;
    EXPECT_TRUE(ended) << headers;
    EXPECT_EQ(rejections("malformed"), ++refused) << headers;
  }
  expect_served();
}

// Runs Debian's slowhttptest until it is done, and meanwhile asks from another address.
class SlowAttack : public Attack {
 protected:
  void SetUp() override {
    if (std::system("command -v slowhttptest >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "slowhttptest is not installed (Debian's package of that name)";
  }
  void attack(const std::string& how, const std::string& path) {
    const auto before = resident_kib();
    const auto command = "slowhttptest -c 200 -r 200 -l 6 -p 3 " + how +
                         " -u http://127.0.0.1:" + std::to_string(house.server->port()) + path +
                         " >/dev/null 2>&1";
    int outcome = -1;
    std::thread attacker([&] { outcome = std::system(command.c_str()); });
    // As long as it lasts, a client from another address is answered within its patience.
    for (int i = 0; i < 60; ++i) {
      EXPECT_EQ(house.tcp("127.0.0.77").ask(get("/greeting")).status, 200);
      std::this_thread::sleep_for(100ms);
    }
    attacker.join();
    EXPECT_EQ(outcome, 0);
    EXPECT_LT(resident_kib(), before + 64 * 1024);
    expect_served();
  }
  void expect_everybody_gone() {
    auto open = house.metrics.gauge("active_connections");
    for (int i = 0; i < 500 && open.value() > 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(open.value(), 0);
  }
};

TEST_F(SlowAttack, SlowHeaders) {
  attack("-H -i 1", "/greeting");
  EXPECT_GT(rejections("timeout"), 0);       // those who had a place lost it
  EXPECT_GT(rejections("rate_limited"), 0);  // and one address has 32
  expect_everybody_gone();
}

TEST_F(SlowAttack, SlowBodies) {
  attack("-B -i 1 -s 8192", "/echo");
  EXPECT_GT(rejections("timeout"), 0);
  expect_everybody_gone();
}

TEST_F(SlowAttack, SlowReading) {
  attack("-X -w 1 -y 2 -n 1 -z 1", "/large");
  expect_everybody_gone();
}

TEST_F(SlowAttack, ManySillyRanges) {
  attack("-R -a 10 -b 3000", "/greeting");
  expect_everybody_gone();
}

}  // namespace
}  // namespace porchlight::http
