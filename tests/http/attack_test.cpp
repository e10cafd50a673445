// SPDX-License-Identifier: Apache-2.0
// What a hostile client does on purpose. Each time: the right answer, a number, bounded memory, and the
// next client is served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include "http/running_server.hpp"
#include "porchlight/http/responder.hpp"

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
  static constexpr ::off_t file_bytes = 64 * 1024 * 1024;
  // More than a socket's buffers take; it has holes only and lies in no folder.
  static std::shared_ptr<const UniqueFd> large_file() {
    auto file = std::make_shared<UniqueFd>(::memfd_create("large", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(file->get(), file_bytes), 0);
    return file;
  }
  static Router rooms() {
    Router router;
    router.add(route(Method::get, "/greeting", says("hello")));
    router.add(
        route(Method::get, "/file", [file = large_file()](const Request& request, const Responder& out) {
          out.send(serve_file(request, file, "application/octet-stream"));
        }));
    router.add(route(Method::post, "/echo", test::echoes()));
    return router;
  }
  double rejections(const char* reason) {
    return house.metrics.counter("http_request_rejections_total", {{"reason", reason}}).value();
  }
  double answered(const char* endpoint, int status) {
    return house.metrics
        .counter("http_requests_total",
                 {{"method", "GET"}, {"endpoint", endpoint}, {"status", std::to_string(status)}})
        .value();
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

// Short lists, so that they get as far as the file. (Debian's slowhttptest sends its ranges with HEAD, for
// which they mean nothing.)
TEST_F(Attack, ManySillyRanges) {
  std::string apart = "0-0";
  for (int i = 1; i < 17; ++i) apart += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  const std::string allowed = apart.substr(0, apart.rfind(','));
  const auto before = resident_kib();
  double refused = 0;
  for (int i = 0; i < 100; ++i) {
    for (const auto& ranges :
         {apart, std::string("0-,0-"), std::string("0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-")}) {
      const auto reply = house.tcp().ask(get("/file", "Range: bytes=" + ranges + "\r\n"));
      ASSERT_EQ(reply.status, 416) << ranges;
      EXPECT_EQ(reply.headers.at("content-range"), "bytes */" + std::to_string(file_bytes));
      ++refused;
    }
  }
  for (int i = 0; i < 500 && answered("/file", 416) < refused; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(answered("/file", 416), refused);
  EXPECT_EQ(house.tcp().ask(get("/file", "Range: bytes=" + allowed + "\r\n")).status, 206);
  EXPECT_LT(resident_kib(), before + 8 * 1024);
  expect_served();
}

// Runs Debian's slowhttptest until it is done, and meanwhile asks from another address.
class SlowAttack : public Attack {
 protected:
  void SetUp() override {
    if (std::system("command -v slowhttptest >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "slowhttptest is not installed (Debian's package of that name)";
    std::signal(SIGPIPE, SIG_IGN);  // as the program does: sendfile() to a client that left raises it
  }
  std::string command(const std::string& how, const std::string& path, int seconds) {
    return "slowhttptest -c 200 -r 200 -p 3 -l " + std::to_string(seconds) + " " + how +
           " -u http://127.0.0.1:" + std::to_string(house.server->port()) + path + " >/dev/null 2>&1";
  }
  void attack(const std::string& how, const std::string& path) {
    const auto before = resident_kib();
    int outcome = -1;
    std::thread attacker([&] { outcome = std::system(command(how, path, 6).c_str()); });
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

// The attacker would stay for half a minute: who is gone before was dropped by the deadline of writing.
TEST_F(SlowAttack, SlowReading) {
  std::thread attacker(
      [&] { EXPECT_EQ(std::system(command("-X -w 1 -y 2 -n 1 -z 1", "/file", 30).c_str()), 0); });
  auto open = house.metrics.gauge("active_connections");
  const auto reaches = [&](auto enough) {
    for (int i = 0; i < 2000 && !enough(open.value()); ++i) std::this_thread::sleep_for(10ms);
    return enough(open.value());
  };
  EXPECT_TRUE(reaches([](double now) { return now >= 30; }));  // one address has 32
  EXPECT_EQ(house.tcp("127.0.0.77").ask(get("/greeting")).status, 200);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(reaches([](double now) { return now <= 2; }));  // the attacker's probe may come by
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 25s) << "as long as the attacker stayed?";
  attacker.join();
  expect_everybody_gone();
  expect_served();
}

}  // namespace
}  // namespace porchlight::http
