// SPDX-License-Identifier: Apache-2.0
// One record for each request, whatever became of it, by real requests to a real server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/running_server.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::Wire;

constexpr std::size_t giant = 32 * 1024 * 1024;

class AccessRecords : public testing::Test {
 protected:
  AccessRecords() {
    log_.reset(::open((folder_.path() / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    start_at(telemetry::Level::info);
  }
  ~AccessRecords() override {
    house_.stop();
    telemetry::stop_logging();
  }
  void start_at(telemetry::Level level) {
    telemetry::LogOptions options;
    options.level = level;
    options.fd = log_.get();
    telemetry::start_logging(options);
  }

  static Router rooms() {
    Router router;
    router.add(route(Method::get, "/things/{id}", says("thing")));
    router.add(route(Method::get, "/metrics", says("numbers")));
    router.add(route(Method::get, "/health/live", says("alive")));
    router.add(route(Method::post, "/echo", test::echoes()));
    router.add(route(Method::get, "/giant", says(std::string(giant, 'g'))));
    router.add(route(Method::get, "/shared", [](const Request&, const Responder& responder) {
      Response response;
      const auto text = std::make_shared<const std::string>(70'000, 's');
      response.shared = std::make_shared<SharedBody>(SharedBody{{{text, 0, 70'000}, {text, 5, 30'000}}});
      responder.send(std::move(response));
    }));
    router.add(route(Method::get, "/events", [](const Request&, const Responder& responder) {
      StreamBody body;
      body.opened = [](const Sink& sink) { sink.send("data: x\n\n"); };
      responder.send(open_stream(std::move(body)));
    }));
    auto guarded = route(Method::post, "/guarded", says("in"));
    guarded.gate = [](Request& request) -> std::optional<Response> {
      if (request.header("authorization").empty()) return Response{401, {}, "who are you?"};
      request.asker = "7";
      request.session = "12";
      return std::nullopt;
    };
    router.add(std::move(guarded));
    return router;
  }

  std::vector<json> records() const {
    std::vector<json> all;
    std::ifstream file(folder_.path() / "log");
    for (std::string line; std::getline(file, line);) {
      auto record = json::parse(line, nullptr, false);
      EXPECT_TRUE(record.is_object()) << line;
      if (record.is_object() && record.value("logger", "") == "doorbell.api")
        all.push_back(std::move(record));
    }
    return all;
  }
  // The answer is in the client's hands an instant before it is recorded.
  std::vector<json> expect_records(std::size_t count) const {
    auto all = records();
    for (int i = 0; i < 1000 && all.size() < count; ++i) {
      std::this_thread::sleep_for(10ms);
      all = records();
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }
  // The one record that `act` adds.
  template <class Act>
  json record_of(Act act) {
    const auto before = records().size();
    act();
    auto all = expect_records(before + 1);
    return all.size() == before + 1 ? all.back() : json::object();
  }
  static void expect(const json& record, const char* method, const char* path, int status) {
    EXPECT_EQ(record.value("method", ""), method) << record;
    EXPECT_EQ(record.value("path", ""), path) << record;
    EXPECT_EQ(record.value("status", 0), status) << record;
  }

  test::TemporaryFolder folder_;
  UniqueFd log_;
  RunningServer house_{rooms(), ServerOptions{.limits = {.header_read = 1s, .body_read = 500ms, .write = 1s},
                                              .access_log = true}};
};

TEST_F(AccessRecords, HaveTheFieldsOfBothDocuments) {
  const auto record = record_of([&] {
    const auto reply = house_.tcp().ask(get("/things/a%20b?token=hidden&q=1",
                                            "User-Agent: Porch/1.0\r\nX-Request-ID: ring-7\r\ntraceparent: "
                                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
    EXPECT_EQ(reply.status, 200);
  });
  expect(record, "GET", "/things/{id}", 200);
  EXPECT_EQ(record["component"], "api");
  EXPECT_EQ(record["level"], "INFO");
  EXPECT_EQ(record["status_code"], 200);
  EXPECT_TRUE(record["duration_ms"].is_number());
  EXPECT_EQ(record["response_time"], record["duration_ms"]);
  EXPECT_EQ(record["request_id"], "ring-7");
  EXPECT_EQ(record["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(record["extra"]["ip_address"], "127.0.0.1");
  EXPECT_EQ(record["extra"]["user_agent"], "Porch/1.0");
  EXPECT_GT(record["context"]["bytes"], 5);
  EXPECT_FALSE(record["context"].contains("aborted"));
  for (const auto* raw : {"a b", "a%20b", "hidden", "q=1"})
    EXPECT_EQ(record.dump().find(raw), std::string::npos) << raw;
}

TEST_F(AccessRecords, KeepBothIdsApartOnlyWhenBothCame) {
  const auto ids = [&](const std::string& headers) {
    std::map<std::string, std::string> returned;
    const auto record = record_of([&] { returned = house_.tcp().ask(get("/things/a", headers)).headers; });
    const auto of = [&](const char* key) { return record.value(key, ""); };
    return std::vector{of("request_id"), of("correlation_id"), returned["x-request-id"],
                       returned["x-correlation-id"]};
  };
  using testing::ElementsAre;
  EXPECT_THAT(ids("X-Request-ID: r\r\nX-Correlation-ID: c\r\n"), ElementsAre("r", "c", "r", "c"));
  EXPECT_THAT(ids("X-Correlation-ID: c\r\n"), ElementsAre("c", "c", "c", "c"));
  EXPECT_THAT(ids("X-Request-ID: r\r\n"), ElementsAre("r", "r", "r", ""));
  const auto ours = ids("X-Correlation-ID: not so\r\n");
  EXPECT_EQ(ours[0], ours[1]);
  EXPECT_EQ(ours[3], "");
}

TEST_F(AccessRecords, CountTheBytesOfWhatIsShared) {
  const auto record = record_of([&] { EXPECT_EQ(house_.tcp().ask(get("/shared")).body.size(), 100'000U); });
  expect(record, "GET", "/shared", 200);
  EXPECT_GT(record["context"]["bytes"], 100'000);
  EXPECT_LT(record["context"]["bytes"], 102'000);
}

TEST_F(AccessRecords, SayWhoWasLetIn) {
  const std::string post = "POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n";
  const auto known = record_of([&] { house_.tcp().ask(post + "Authorization: x\r\n\r\n"); });
  EXPECT_EQ(known["context"]["user_id"], "7");
  EXPECT_EQ(known["user_id"], "7");
  EXPECT_EQ(known["session_id"], "12");
  const auto stranger = record_of([&] { house_.tcp().ask(post + "\r\n"); });
  expect(stranger, "POST", "/guarded", 401);
  EXPECT_FALSE(stranger["context"].contains("user_id"));
  EXPECT_FALSE(stranger.contains("session_id"));
  const auto command =
      record_of([&] { house_.control().ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); });
  EXPECT_EQ(command["extra"]["ip_address"], "local");
}

TEST_F(AccessRecords, AreOneForEachRefusalToo) {
  const auto of = [&](const std::string& request) { return record_of([&] { house_.tcp().ask(request); }); };
  expect(of("rubbish\r\n\r\n"), "other", "unmatched", 400);
  expect(of(get("/../etc/passwd")), "GET", "unmatched", 400);
  expect(of(get("/nothing/here")), "GET", "unmatched", 404);
  expect(of("DELETE /echo HTTP/1.1\r\nHost: x\r\n\r\n"), "DELETE", "unmatched", 405);
  expect(of("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"), "POST", "/echo", 413);
  expect(of("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), "other", "unmatched",
         411);
  expect(of(get("/things/a", "X: " + std::string(9000, 'x') + "\r\n")), "other", "unmatched", 431);
  expect(of("GET /things/a HTTP/1.1\r\nHost: x\r\nX: "), "other", "unmatched", 408);
  expect(of("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"), "POST", "/echo", 408);
}

TEST_F(AccessRecords, AreOneForEachOfManyOnOneConnection) {
  auto wire = house_.tcp();
  std::string several;
  for (int i = 0; i < 50; ++i) several += get("/things/a");
  wire.send(several + "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(wire.reply().status, 200);
  EXPECT_EQ(wire.reply(test::Body::none).status, 100);
  EXPECT_EQ(wire.ask("abc").body, "abc");
  const auto all = expect_records(51);
  expect(all.back(), "POST", "/echo", 200);
}

TEST_F(AccessRecords, AreOneForWhoeverLeavesBeforeTheEnd) {
  const auto in_the_body = record_of([&] {
    auto wire = house_.tcp();
    wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
    wire.close();
  });
  expect(in_the_body, "POST", "/echo", 499);
  EXPECT_EQ(in_the_body["context"]["aborted"], true);
  const auto in_the_answer = record_of([&] {
    auto wire = house_.tcp();
    wire.send(get("/giant"));
    EXPECT_TRUE(wire.readable_within(5000));
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(wire.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    wire.close();
  });
  expect(in_the_answer, "GET", "/giant", 200);
  EXPECT_EQ(in_the_answer["context"]["aborted"], true);
  EXPECT_LT(in_the_answer["context"]["bytes"], giant);
  const auto not_reading = record_of([&] {
    auto wire = house_.tcp();
    wire.send(get("/giant"));
    for (int i = 0; i < 100 && records().size() < 3; ++i) std::this_thread::sleep_for(100ms);
  });
  expect(not_reading, "GET", "/giant", 200);
  EXPECT_EQ(not_reading["context"]["aborted"], true);
}

TEST_F(AccessRecords, AreMadeWhenAStreamOpens) {
  auto wire = house_.tcp();
  const auto record = record_of([&] { wire.send(get("/events")); });
  expect(record, "GET", "/events", 200);
  EXPECT_GT(record["context"]["bytes"], 100) << "its head and its first words";
  EXPECT_FALSE(record["context"].contains("aborted"));
  wire.close();
  house_.tcp().ask(get("/things/a"));
  expect_records(2);
}

TEST_F(AccessRecords, OfProbesAndScrapesAreDetails) {
  house_.tcp().ask(get("/metrics"));
  house_.tcp().ask(get("/health/live"));
  house_.tcp().ask(get("/things/a"));
  expect(expect_records(1).back(), "GET", "/things/{id}", 200);
  start_at(telemetry::Level::debug);
  const auto record = record_of([&] { house_.tcp().ask(get("/metrics")); });
  expect(record, "GET", "/metrics", 200);
  EXPECT_EQ(record["level"], "DEBUG");
}

TEST_F(AccessRecords, TakeNoHarmFromWhatAClientSays) {
  const auto odd = record_of(
      [&] { house_.tcp().ask(get("/things/a", "User-Agent: a\tb\xff\xfe\x80\"}{\\ \xc3\xa9 key=1\r\n")); });
  expect(odd, "GET", "/things/{id}", 200);
  const auto agent = odd["extra"]["user_agent"].get<std::string>();
  EXPECT_THAT(agent, testing::StartsWith("a\tb"));
  EXPECT_THAT(agent, testing::HasSubstr("\"}{\\ \xc3\xa9"));
  const auto long_winded = record_of(
      [&] { house_.tcp().ask(get("/things/a", "User-Agent: " + std::string(7000, 'u') + "\r\n")); });
  EXPECT_LE(long_winded["extra"]["user_agent"].get<std::string>().size(), 256U);
  // Controls do not even get so far.
  const auto refused =
      record_of([&] { house_.tcp().ask(get("/things/a", "User-Agent: a\x1b[31mb\x07\r\n")); });
  expect(refused, "other", "unmatched", 400);
  EXPECT_EQ(refused.dump().find("[31m"), std::string::npos);
  const auto method = record_of([&] { house_.tcp().ask("M{}X /things/a HTTP/1.1\r\nHost: x\r\n\r\n"); });
  expect(method, "other", "unmatched", 400);
}

TEST(NoAccessRecords, UnlessTheyAreAskedFor) {
  test::TemporaryFolder folder;
  const auto path = folder.path() / "log";
  const UniqueFd log(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  telemetry::LogOptions options;
  options.level = telemetry::Level::debug;
  options.fd = log.get();
  telemetry::start_logging(options);
  {
    Router router;
    router.add(route(Method::get, "/greeting", says("hello")));
    RunningServer house(std::move(router));
    EXPECT_EQ(house.tcp().ask(get("/greeting")).status, 200);
  }
  telemetry::stop_logging();
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

}  // namespace
}  // namespace porchlight::http
