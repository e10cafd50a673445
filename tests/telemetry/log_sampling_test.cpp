// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_sampling.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/log_fixture.hpp"
#include "telemetry/record_schema.hpp"

namespace porchlight::telemetry {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string trace(int number) {
  auto text = std::to_string(number);
  return std::string(32 - text.size(), '0') + text;
}

TEST(Sampling, KeepsAboutItsPart) {
  for (const double rate : {0.01, 0.1, 0.5, 0.9}) {
    int by_key = 0;
    int by_number = 0;
    for (int n = 0; n < 20'000; ++n) {
      by_key += keeps(trace(n), rate) ? 1 : 0;
      by_number += keeps(static_cast<std::uint64_t>(n), rate) ? 1 : 0;
    }
    EXPECT_NEAR(by_key, 20'000 * rate, 20'000 * 0.02) << rate;
    EXPECT_NEAR(by_number, 20'000 * rate, 20'000 * 0.02) << rate;
  }
}

TEST(Sampling, KeepsNothingAtZeroAllAtOneAndAtAHigherRateMore) {
  for (int n = 0; n < 1000; ++n) {
    EXPECT_FALSE(keeps(trace(n), 0));
    EXPECT_TRUE(keeps(trace(n), 1));
    if (keeps(trace(n), 0.1)) {
      EXPECT_TRUE(keeps(trace(n), 0.2));
    }
  }
}

class SampledLog : public LogTest {
 protected:
  double counted(const char* family, const char* label, const char* value) {
    return metrics_.counter(family, {{label, value}}).value();
  }

  Metrics metrics_{ClosedSets{}};
};

TEST_F(SampledLog, ATraceIsWrittenWholeOrNotAtAll) {
  const auto sampled = logger_.sampled(0.5);
  for (int n = 0; n < 100; ++n)
    for (int step = 0; step < 3; ++step) sampled.with(trace(n), "", "").info("step");
  std::map<std::string, int> steps;
  for (const auto& line : lines()) ++steps[nlohmann::json::parse(line)["trace_id"].get<std::string>()];
  EXPECT_GT(steps.size(), 20u);
  EXPECT_LT(steps.size(), 80u);
  for (const auto& [id, count] : steps) EXPECT_EQ(count, 3) << id;
}

TEST_F(SampledLog, WhatIsLeftOutIsCounted) {
  attach_log_metrics(&metrics_);
  const double emitted = counted("log_messages_total", "level", "info");
  const double before = counted("log_messages_dropped_total", "reason", "sampled");
  const auto sampled = logger_.sampled(0.25);
  for (int n = 0; n < 400; ++n) sampled.info("n");
  const auto written = lines().size();
  EXPECT_GT(written, 0u);
  EXPECT_EQ(counted("log_messages_dropped_total", "reason", "sampled") - before,
            400 - static_cast<double>(written));
  EXPECT_EQ(counted("log_messages_total", "level", "info") - emitted, 400);
}

TEST_F(SampledLog, SaysSoInWhatIsWritten) {
  const auto sampled = logger_.sampled(0.5);
  for (int n = 0; n < 64; ++n) sampled.info("n");
  ASSERT_FALSE(lines().empty());
  EXPECT_THAT(record_faults(lines().front()), IsEmpty());
  const auto record = nlohmann::json::parse(lines().front());
  EXPECT_EQ(record["sampled"], true);
  EXPECT_EQ(record["sample_rate"], 0.5);
}

TEST_F(SampledLog, NeverLeavesOutAWarning) {
  const auto none = logger_.sampled(0);
  for (int n = 0; n < 20; ++n) {
    none.info("gone");
    none.warning("stays", {{"n", std::int64_t{n}}});
  }
  EXPECT_THAT(lines(), SizeIs(20));
  EXPECT_FALSE(nlohmann::json::parse(lines().front()).contains("sampled"));
}

}  // namespace
}  // namespace porchlight::telemetry
