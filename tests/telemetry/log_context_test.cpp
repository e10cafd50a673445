// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/log_context.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "telemetry/log_fixture.hpp"
#include "telemetry/record_schema.hpp"

namespace porchlight::telemetry {
namespace {

using Json = nlohmann::json;
using testing::IsEmpty;

constexpr const char* trace = "5b8efff798038103d269b633813fc60c";
constexpr const char* span = "eee19b7ec3c1b174";

LogContext of_request(std::string id) {
  LogContext context;
  context.request_id = std::move(id);
  return context;
}

class ContextOfLog : public LogTest {
 protected:
  Json newest() {
    const auto all = lines();
    EXPECT_FALSE(all.empty());
    if (all.empty()) return {};
    EXPECT_THAT(record_faults(all.back()), IsEmpty()) << all.back();
    return Json::parse(all.back(), nullptr, false);
  }
};

TEST_F(ContextOfLog, StandsInEveryRecordOfItsThread) {
  {
    const ContextScope scope({.request_id = "r-1",
                              .trace_id = trace,
                              .span_id = span,
                              .event_id = "e-1",
                              .event_type = "ring",
                              .user_id = "7",
                              .session_id = "12"});
    logger_.info("x");
  }
  const auto record = newest();
  for (const char* key : {"request_id", "user_id", "session_id", "event_id", "event_type"})
    EXPECT_EQ(record[key], record["context"][key]) << key;
  EXPECT_EQ(record["request_id"], "r-1");
  EXPECT_EQ(record["correlation_id"], "r-1");
  EXPECT_EQ(record["trace_id"], trace);
  EXPECT_EQ(record["span_id"], span);
  EXPECT_EQ(record["session_id"], "12");
  logger_.info("after");
  EXPECT_FALSE(newest().contains("request_id"));
}

TEST_F(ContextOfLog, ACorrelationOfItsOwnStands) {
  auto context = of_request("r-1");
  context.correlation_id = "c-1";
  const ContextScope scope(context);
  logger_.info("x");
  const auto record = newest();
  EXPECT_EQ(record["request_id"], "r-1");
  EXPECT_EQ(record["correlation_id"], "c-1");
}

TEST_F(ContextOfLog, AnInnerScopeAddsAndEnds) {
  const ContextScope outer(of_request("r-1"));
  {
    LogContext event;
    event.event_id = "e-1";
    const ContextScope inner(event);
    EXPECT_EQ(current_log_context().request_id, "r-1");
    EXPECT_EQ(current_log_context().event_id, "e-1");
    const ContextScope innermost(of_request("r-2"));
    EXPECT_EQ(current_log_context().request_id, "r-2");
  }
  EXPECT_EQ(current_log_context().request_id, "r-1");
  EXPECT_TRUE(current_log_context().event_id.empty());
}

TEST_F(ContextOfLog, ASpanIsNotMixedWithAnotherTrace) {
  LogContext outer;
  outer.trace_id = trace;
  outer.span_id = span;
  LogContext inner;
  inner.trace_id = std::string(32, 'a');
  EXPECT_TRUE(inner.within(outer).span_id.empty());
  EXPECT_EQ(LogContext{}.within(outer).span_id, span);
}

TEST_F(ContextOfLog, WhatTheLoggerOrTheCallSaysComesFirst) {
  auto context = of_request("r-1");
  context.trace_id = std::string(32, 'a');
  const ContextScope scope(context);
  logger_.with(trace, span, "e-2").info("x", {{"request_id", std::string("r-9")}});
  const auto record = newest();
  EXPECT_EQ(record["trace_id"], trace);
  EXPECT_EQ(record["event_id"], "e-2");
  EXPECT_EQ(record["request_id"], "r-9");
  EXPECT_EQ(record["context"]["request_id"], "r-9");
}

TEST_F(ContextOfLog, FollowsCarriedWorkToAnotherThreadAndNoOther) {
  std::function<void()> work;
  {
    const ContextScope scope(of_request("r-1"));
    work = carried([this] { logger_.info("carried"); });
  }
  std::jthread([&] {
    EXPECT_TRUE(current_log_context().empty());
    work();
    EXPECT_TRUE(current_log_context().empty());
  }).join();
  EXPECT_EQ(newest()["request_id"], "r-1");
}

TEST_F(ContextOfLog, AnExceptionIsAnObjectWithItsCauses) {
  try {
    try {
      throw std::runtime_error("password=hunter2 was refused");
    } catch (...) {
      std::throw_with_nested(std::logic_error("cannot go on"));
    }
  } catch (const std::exception& thrown) {
    logger_.error("a worker failed", thrown, {{"worker", std::string("x")}});
  }
  const auto record = newest();
  EXPECT_THAT(record["exception"]["type"].get<std::string>(), testing::HasSubstr("logic_error"));
  EXPECT_EQ(record["exception"]["message"], "cannot go on");
  EXPECT_EQ(record["exception"]["cause"], "password=[redacted] was refused");
  EXPECT_EQ(record["context"]["worker"], "x");
  logger_.error("a file failed", Error(ErrorCode::io, "open 'x': No space left on device"));
  EXPECT_EQ(newest()["exception"], Json({{"type", std::string(to_string(ErrorCode::io))},
                                         {"message", "open 'x': No space left on device"}}));
}

TEST_F(ContextOfLog, PerformanceAndRequestsHaveTheirKeys) {
  logger_.performance("embed", std::chrono::microseconds(1500), true, {{"confidence", 0.5}});
  auto record = newest();
  EXPECT_EQ(record["operation"], "embed");
  EXPECT_EQ(record["duration_ms"], 1.5);
  EXPECT_EQ(record["success"], true);
  EXPECT_EQ(record["confidence"], 0.5);
  EXPECT_FALSE(record.contains("response_time"));
  logger_.request(Level::info, {.method = "GET",
                                .path = "/x/{id}",
                                .status = 404,
                                .took = std::chrono::milliseconds(2),
                                .user_agent = "rig/1"});
  record = newest();
  EXPECT_EQ(record["status_code"], 404);
  EXPECT_EQ(record["response_time"], 2);
  EXPECT_EQ(record["user_agent"], "rig/1");
  EXPECT_EQ(record["extra"]["user_agent"], "rig/1");
}

}  // namespace
}  // namespace porchlight::telemetry
