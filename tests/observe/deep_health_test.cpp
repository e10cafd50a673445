// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/deep_health.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "telemetry/log_fixture.hpp"

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class DeepHealthTest : public testing::Test {
 protected:
  // A probe that takes so long, and counts.
  Probe probe(std::string_view name, std::string fault = {}, std::chrono::milliseconds takes = 0ms) {
    return [this, name, fault, takes](const std::stop_token&) {
      ran_.emplace_back(name);
      clock_.advance(takes);
      return Finding{.detail = {{"seen", std::int64_t{7}}}, .fault = fault};
    };
  }
  Probes all_well() {
    Probes probes;
    for (const auto& check : deep_checks()) probes[check.name] = probe(check.name);
    return probes;
  }
  static nlohmann::json json(const std::optional<DeepReport>& report) {
    return nlohmann::json::parse(json_of(report.value()));
  }
  double status(const char* check) {
    return metrics_.gauge("health_check_status", {{"check", check}}).value();
  }
  bool shows(const std::string& line) { return metrics_.exposition().find(line) != std::string::npos; }

  SimulatedClock clock_{WallTime{1'738'124'411'950ms}};
  telemetry::Metrics metrics_{telemetry::ClosedSets{}};
  std::stop_source stop_;
  std::vector<std::string> ran_;
};

TEST_F(DeepHealthTest, TellsWhatEachCheckFound) {
  DeepHealth deep({{"database", probe("database", "", 3ms)}, {"model", probe("model", "", 41ms)}}, clock_,
                  metrics_);
  EXPECT_EQ(json_of(deep.report(stop_.get_token()).value()),
            R"({"status":"healthy","timestamp":"2025-01-29T04:20:12.950Z","duration_ms":44,"checks":{)"
            R"("database":{"status":"pass","duration_ms":3,"detail":{"seen":7}},)"
            R"("model_validation":{"status":"pass","duration_ms":41,"detail":{"seen":7}}}})");
}

TEST_F(DeepHealthTest, IsDegradedOrUnhealthyByTheWeightOfWhatFails) {
  for (const auto& check : deep_checks()) {
    auto probes = all_well();
    probes[check.name] = probe(check.name, "broken");
    DeepHealth deep(probes, clock_, metrics_);
    const auto body = json(deep.report(stop_.get_token()));
    EXPECT_EQ(body["status"], check.weight == Weight::breaks ? "unhealthy" : "degraded") << check.name;
    EXPECT_EQ(body["checks"][std::string(check.key)]["status"], "fail") << check.name;
    EXPECT_EQ(body["checks"][std::string(check.key)]["detail"]["fault"], "broken") << check.name;
    EXPECT_EQ(status(std::string(check.name).c_str()), 0) << check.name;
  }
}

TEST_F(DeepHealthTest, OnlyTheCauseTurns) {
  auto probes = all_well();
  DeepHealth well(probes, clock_, metrics_);
  well.report(stop_.get_token());
  probes["database"] = probe("database", "locked");
  ran_.clear();
  DeepHealth ill(probes, clock_, metrics_);
  const auto body = json(ill.report(stop_.get_token()));
  EXPECT_EQ(status("database"), 0);
  for (const auto* check : {"cache", "audit", "pipeline"}) {
    EXPECT_EQ(body["checks"][check]["status"], "skipped") << check;
    EXPECT_EQ(body["checks"][check]["detail"]["needs"], "database") << check;
    EXPECT_EQ(status(check), 1) << check << " keeps its gauge";
    EXPECT_THAT(ran_, Not(testing::Contains(check)));
  }
}

TEST_F(DeepHealthTest, WhatTakesTooLongHasFailed) {
  DeepHealth deep({{"time", probe("time", "", 5001ms)}}, clock_, metrics_);
  const auto body = json(deep.report(stop_.get_token()));
  EXPECT_EQ(body["checks"]["time"]["status"], "fail");
  EXPECT_EQ(body["checks"]["time"]["detail"]["fault"], "it took 5001 ms, 5000 ms at most");
}

TEST_F(DeepHealthTest, WhatDoesNotComeBackHasFailedMeanwhile) {
  auto probes = all_well();
  DeepHealth* asked = nullptr;
  std::optional<DeepReport> in_time, late;
  bool hangs = false;
  probes["storage"] = [&](const std::stop_token&) {
    if (!hangs) return Finding{};
    clock_.advance(30s);
    asked->show_overdue();
    EXPECT_EQ(status("storage"), 1) << "it has until its limit";
    in_time = asked->overdue_report();
    clock_.advance(1ms);
    asked->show_overdue();
    late = asked->overdue_report();
    return Finding{};
  };
  DeepHealth deep(probes, clock_, metrics_);
  asked = &deep;
  deep.report(stop_.get_token());
  EXPECT_FALSE(deep.overdue_report());
  hangs = true;
  clock_.advance(DeepHealth::fresh_for);
  deep.report(stop_.get_token());
  EXPECT_FALSE(in_time);
  const auto body = json(late);
  EXPECT_EQ(body["status"], "unhealthy");
  EXPECT_EQ(body["checks"]["storage"]["detail"]["fault"], "it has not ended for 30001 ms");
  EXPECT_EQ(body["checks"].size(), deep_checks().size());
  for (const auto& check : deep_checks())
    EXPECT_EQ(status(std::string(check.name).c_str()), check.name == "storage" ? 0 : 1);
  EXPECT_FALSE(deep.overdue_report()) << "it has come back";
}

TEST_F(DeepHealthTest, WhatThrowsHasFailedAndTheOthersRun) {
  auto probes = all_well();
  probes["model"] = [](const std::stop_token&) -> Finding { throw std::bad_alloc(); };
  DeepHealth deep(probes, clock_, metrics_);
  const auto body = json(deep.report(stop_.get_token()));
  EXPECT_EQ(status("model"), 0);
  EXPECT_EQ(body["checks"]["model_validation"]["detail"]["fault"], "it could not be run: std::bad_alloc");
  EXPECT_EQ(body["checks"]["time"]["status"], "pass");
}

TEST_F(DeepHealthTest, IsNotRunAgainWhileItsReportIsFresh) {
  DeepHealth deep({{"time", probe("time")}}, clock_, metrics_);
  const auto first = json_of(deep.report(stop_.get_token()).value());
  clock_.advance(9999ms);
  EXPECT_EQ(json_of(deep.report(stop_.get_token()).value()), first);
  EXPECT_THAT(ran_, ElementsAre("time"));
  clock_.advance(1ms);
  EXPECT_NE(json_of(deep.report(stop_.get_token()).value()), first);
  EXPECT_THAT(ran_, ElementsAre("time", "time"));
}

TEST_F(DeepHealthTest, RunsByItselfEveryFiveMinutes) {
  DeepHealth deep({{"time", probe("time")}}, clock_, metrics_);
  std::vector<std::size_t> minutes;
  for (std::size_t minute = 0; minute <= 11; ++minute) {
    ran_.clear();
    deep.tick(stop_.get_token());
    if (!ran_.empty()) minutes.push_back(minute);
    clock_.advance(1min);
  }
  EXPECT_THAT(minutes, ElementsAre(5, 10));
}

TEST_F(DeepHealthTest, IsNotDueWhereSomebodyHasJustAsked) {
  DeepHealth deep({{"time", probe("time")}}, clock_, metrics_);
  clock_.advance(299s);
  deep.report(stop_.get_token());
  clock_.advance(1min);
  deep.tick(stop_.get_token());
  EXPECT_THAT(ran_, ElementsAre("time"));
}

TEST_F(DeepHealthTest, SaysNothingOfARunThatWasStopped) {
  auto probes = all_well();
  probes["database"] = [this](const std::stop_token&) {
    stop_.request_stop();
    return Finding{.fault = "stopped"};
  };
  DeepHealth deep(probes, clock_, metrics_);
  EXPECT_FALSE(deep.report(stop_.get_token()));
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_FALSE(shows("health_check_status{"));
}

TEST_F(DeepHealthTest, ShowsItsTimesAndItsLastSuccess) {
  DeepHealth deep({{"database", probe("database", "", 30ms)},
                   {"cache", probe("cache", "", 2ms)},
                   {"audit", probe("audit", "torn", 200ms)}},
                  clock_, metrics_);
  EXPECT_FALSE(shows("health_check_status{")) << "before the first run there is nothing to say";
  deep.report(stop_.get_token());
  EXPECT_TRUE(shows("database_health_check_duration_seconds_bucket{le=\"0.025\"} 0\n"));
  EXPECT_TRUE(shows("database_health_check_duration_seconds_bucket{le=\"0.05\"} 1\n"));
  EXPECT_TRUE(shows("redis_health_check_duration_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_TRUE(shows("system_health_check_duration_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_TRUE(shows("system_health_check_duration_seconds_bucket{le=\"0.25\"} 1\n"));
  EXPECT_TRUE(shows("health_check_status{check=\"audit\"} 0\n"));
  EXPECT_TRUE(shows("health_check_last_success_timestamp_seconds{check=\"database\"} "));
  EXPECT_FALSE(shows("health_check_last_success_timestamp_seconds{check=\"audit\"} "));
}

TEST_F(DeepHealthTest, NoSecretGoesOut) {
  DeepHealth deep({{"notifications", probe("notifications", "https://anna:canary@example.org: refused")}},
                  clock_, metrics_);
  const auto body = json_of(deep.report(stop_.get_token()).value());
  EXPECT_THAT(body, Not(HasSubstr("canary")));
  EXPECT_THAT(body, HasSubstr("refused"));
}

class DeepHealthNews : public telemetry::LogTest {
 protected:
  SimulatedClock clock_;
  telemetry::Metrics metrics_{telemetry::ClosedSets{}};
};

TEST_F(DeepHealthNews, SaysOnceWhatFailsAndOnceThatItPassesAgain) {
  std::map<std::string_view, std::string> faults = {{"time", "ill"}, {"memory", ""}};
  Probes probes;
  for (const auto& entry : faults)
    probes[entry.first] = [&fault = entry.second](const std::stop_token&) { return Finding{.fault = fault}; };
  DeepHealth deep(probes, clock_, metrics_);
  const auto news = [&] {
    const auto before = lines().size();
    clock_.advance(DeepHealth::fresh_for);
    deep.report({});
    std::vector<std::string> said;
    for (const auto& line : lines()) said.push_back(line);
    said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(before));
    return said;
  };
  EXPECT_THAT(news(), ElementsAre(testing::AllOf(HasSubstr("a deep check fails"), HasSubstr("\"time\""),
                                                 HasSubstr("\"ill\""))));
  EXPECT_THAT(news(), IsEmpty());
  faults["memory"] = "grows";
  EXPECT_THAT(news(), ElementsAre(testing::AllOf(HasSubstr("\"memory\""), HasSubstr("\"grows\""))))
      << "though the house was degraded before";
  faults["time"] = "";
  EXPECT_THAT(news(), ElementsAre(testing::AllOf(HasSubstr("passes again"), HasSubstr("\"time\""))));
}

}  // namespace
}  // namespace porchlight::observe
