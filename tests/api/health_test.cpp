// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "api/accounts_state.hpp"
#include "api/api_house.hpp"

namespace porchlight::api {
namespace {

using http::test::get;
using http::test::Reply;
using telemetry::Health;

class HealthRoutes : public test::ApiTest {
 protected:
  Reply ask(const std::string& path) {
    auto reply = server.tcp().ask(get(path));
    EXPECT_EQ(reply.headers["content-type"], "application/json") << path;
    EXPECT_EQ(reply.headers["cache-control"], "no-store") << path;
    EXPECT_EQ(server.control().ask(get(path)).body, reply.body) << path;
    return reply;
  }
  void expect(const std::string& path, int status, const std::string& body) {
    const auto reply = ask(path);
    EXPECT_EQ(reply.status, status) << path;
    EXPECT_EQ(reply.body, body) << path;
  }
};

TEST_F(HealthRoutes, LiveUntilTheSupervisorSaysOtherwise) {
  expect("/health/live", 200, R"({"status":"alive","timestamp":"2025-01-29T04:20:12.950Z"})");
  health.alive = false;
  expect("/health/live", 503, R"({"status":"dead","timestamp":"2025-01-29T04:20:12.950Z"})");
}

TEST_F(HealthRoutes, ReadyTellsItsThreeChecksApart) {
  expect(
      "/health/ready", 503,
      R"({"status":"not_ready","checks":{"model_loaded":false,"database_connected":false,"storage_accessible":false}})");
  health.model_loaded = true;
  expect(
      "/health/ready", 503,
      R"({"status":"not_ready","checks":{"model_loaded":true,"database_connected":false,"storage_accessible":false}})");
  health.storage_accessible = true;
  expect(
      "/health/ready", 503,
      R"({"status":"not_ready","checks":{"model_loaded":true,"database_connected":false,"storage_accessible":true}})");
  EXPECT_EQ(ask("/health/live").status, 200);
  health.database_connected = true;
  expect(
      "/health/ready", 200,
      R"({"status":"ready","checks":{"model_loaded":true,"database_connected":true,"storage_accessible":true}})");
}

TEST_F(HealthRoutes, StartupNamesEachComponent) {
  using Part = Health::Part;
  using State = Health::PartState;
  health.set(Part::config, State::started);
  health.set(Part::database, State::started);
  health.set(Part::model, State::starting);
  health.set(Part::api, State::started);
  clock.advance(std::chrono::milliseconds{1020});
  expect(
      "/health/startup", 503,
      R"({"status":"starting","startup_time":1.02,"components":{"config":"started","database":"started","model":"starting","cameras":"pending","api":"started"}})");
  health.set(Part::model, State::started);
  health.set(Part::cameras, State::started);
  clock.advance(std::chrono::milliseconds{3190});
  const std::string started =
      R"({"status":"started","startup_time":4.21,"components":{"config":"started","database":"started","model":"started","cameras":"started","api":"started"}})";
  expect("/health/startup", 200, started);
  clock.advance(std::chrono::hours{1});  // needed, not so far
  expect("/health/startup", 200, started);
}

TEST_F(HealthRoutes, HealthIsReadyWithComponents) {
  health.model_loaded = true;
  health.storage_accessible = true;
  expect(
      "/health", 503,
      R"({"status":"not_ready","checks":{"model_loaded":true,"database_connected":false,"storage_accessible":true},"components":{"config":"pending","database":"pending","model":"pending","cameras":"pending","api":"pending"}})");
  health.database_connected = true;
  EXPECT_EQ(ask("/health").status, 200);
}

TEST_F(HealthRoutes, DeepIsWhatTheChecksFound) {
  house.on_deep_health = [] { return DeepHealthReport{false, R"({"status":"degraded"})"}; };
  expect("/health/deep", 200, R"({"status":"degraded"})");
  house.on_deep_health = [] { return DeepHealthReport{true, R"({"status":"unhealthy"})"}; };
  expect("/health/deep", 503, R"({"status":"unhealthy"})");
}

TEST_F(HealthRoutes, DeepIsAProblemWhenNobodyCouldLook) {
  house.on_deep_health = [] { return Error(ErrorCode::resource, "too many are asking at this moment"); };
  auto answer = server.tcp().ask(get("/health/deep"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers["content-type"], "application/problem+json");
  EXPECT_NE(answer.body.find("too many are asking"), std::string::npos) << answer.body;
}

TEST_F(HealthRoutes, TheCachesProveThemselves) {
  const auto before = accounts->state().directory();
  std::optional<Status> said;
  accounts->prove_caches([&](Status status) { said = std::move(status); });
  ASSERT_TRUE(said);
  EXPECT_TRUE(*said) << said->error().text();
  EXPECT_EQ(accounts->state().directory(), before);
}

class HealthBeforeTheDatabase : public test::ApiTest {
 protected:
  HealthBeforeTheDatabase() : ApiTest(false) {}
};

TEST_F(HealthBeforeTheDatabase, TheCachesProveNothing) {
  std::optional<Status> said;
  accounts->prove_caches([&](Status status) { said = std::move(status); });
  ASSERT_TRUE(said);
  ASSERT_FALSE(*said);
  EXPECT_EQ(said->error().code(), ErrorCode::unavailable);
}

TEST_F(HealthRoutes, TheCachesSayWhenTheirThreadHasNoPlace) {
  executor.full = true;
  std::optional<Status> said;
  accounts->prove_caches([&](Status status) { said = std::move(status); });
  ASSERT_TRUE(said);
  ASSERT_FALSE(*said);
  EXPECT_EQ(said->error().code(), ErrorCode::resource);
}

TEST_F(HealthRoutes, AnswerWhileARingWaits) {
  std::optional<Answer<RingAccepted>> waiting;
  std::promise<void> arrived;
  house.on_ring = [&](const RingOrder&, Answer<RingAccepted> answer) {
    waiting = std::move(answer);
    arrived.set_value();
  };
  auto ringing = server.control();
  ringing.send("POST /api/v1/buttons/front/ring HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  arrived.get_future().wait();
  EXPECT_EQ(server.control().ask(get("/health/live")).status, 200);
  EXPECT_EQ(server.tcp().ask(get("/health/live")).status, 200);
}

}  // namespace
}  // namespace porchlight::api
