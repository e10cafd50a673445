// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exemplars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "telemetry/sample_sets.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TraceBytes trace_of(std::uint8_t byte) {
  TraceBytes trace;
  trace.fill(byte);
  return trace;
}

// What stands behind the first occurrence of `from`, to the end of its line.
std::string rest_of_line(const std::string& text, const std::string& from) {
  const auto at = text.find(from);
  if (at == std::string::npos) return "no line with " + from;
  const auto begin = at + from.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

class ExemplarsOfMetrics : public testing::Test {
 protected:
  ExemplarsOfMetrics() : metrics_(sample_sets()) {}
  std::string open() { return metrics_.scrape(Format::openmetrics).text; }
  std::string bucket(const std::string& le) {
    const std::string family = "doorbell_ring_to_notification_seconds";
    return rest_of_line(open(), family + "_bucket{channel=\"webhook\",le=\"" + le + "\"} ");
  }

  Metrics metrics_;
  Histogram rings_ = metrics_.histogram("doorbell_ring_to_notification_seconds", {{"channel", "webhook"}});
};

TEST_F(ExemplarsOfMetrics, StandBesideTheBucketThatTheyFellInto) {
  rings_.observe(0.3, trace_of(0xAB));
  EXPECT_EQ(bucket("0.25"), "0");
  EXPECT_THAT(bucket("0.5"), testing::StartsWith("1 # {trace_id=\"abababababababababababababababab\"} 0.3 "));
  EXPECT_EQ(bucket("1.0"), "1") << "cumulative, but seen in the bucket below";
}

TEST_F(ExemplarsOfMetrics, SayWhenTheyWereSeen) {
  rings_.observe(0.3, trace_of(1));
  const auto text = bucket("0.5");
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(std::stod(text.substr(text.rfind(' ') + 1)), now, 60) << text;
}

TEST_F(ExemplarsOfMetrics, BoundsBelongToTheBucketBelow) {
  rings_.observe(0.5, trace_of(1));
  rings_.observe(1000, trace_of(2));
  EXPECT_THAT(bucket("0.5"), HasSubstr("{trace_id=\"01"));
  EXPECT_THAT(bucket("60.0"), Not(HasSubstr("#")));
  EXPECT_THAT(bucket("+Inf"), HasSubstr("{trace_id=\"0202"));
}

TEST_F(ExemplarsOfMetrics, TheLastOneStays) {
  rings_.observe(0.3, trace_of(1));
  rings_.observe(0.4, trace_of(2));
  rings_.observe(0.45);
  EXPECT_THAT(bucket("0.5"), testing::StartsWith("3 # {trace_id=\"02020202020202020202020202020202\"} 0.4 "));
}

TEST_F(ExemplarsOfMetrics, AreNotInTheClassicFormat) {
  rings_.observe(0.3, trace_of(1));
  EXPECT_THAT(metrics_.exposition(), Not(HasSubstr("trace_id")));
}

TEST_F(ExemplarsOfMetrics, AnEmptyTraceIsNone) {
  rings_.observe(0.3, TraceBytes{});
  EXPECT_EQ(bucket("0.5"), "1");
}

TEST_F(ExemplarsOfMetrics, OnlyTheFamiliesOfTheContractHaveThem) {
  metrics_.histogram("notification_delivery_duration_seconds", {{"channel", "webhook"}})
      .observe(0.3, trace_of(1));
  EXPECT_THAT(open(), Not(HasSubstr("trace_id")));
  std::vector<std::string_view> families;
  for (const auto& spec : catalogue())
    if (spec.exemplars) families.push_back(spec.name);
  EXPECT_THAT(families,
              testing::ElementsAre("ai_processing_duration_seconds", "doorbell_ring_to_notification_seconds",
                                   "http_request_duration_seconds", "pipeline_processing_duration_seconds"));
}

TEST_F(ExemplarsOfMetrics, HandlesOfOneSeriesShareThem) {
  metrics_.histogram("doorbell_ring_to_notification_seconds", {{"channel", "webhook"}})
      .observe(0.3, trace_of(7));
  EXPECT_THAT(bucket("0.5"), HasSubstr("{trace_id=\"0707"));
  EXPECT_THAT(open(), HasSubstr("_bucket{channel=\"log\",le=\"0.5\"} 0\n"));
}

TEST_F(ExemplarsOfMetrics, GoWithTheirSeries) {
  rings_.observe(0.3, trace_of(1));
  metrics_.forget("channel", "webhook");
  ClosedSets again;
  again.channel_types = {"webhook"};
  metrics_.extend(again);
  EXPECT_EQ(bucket("0.5"), "0");
}

// A torn one would have a value of another trace, or a trace of two halves.
TEST(Exemplars, AreWholeWhileTheyAreWritten) {
  constexpr double bounds[] = {1000};
  Exemplars exemplars(bounds);
  constexpr int writers = 3;
  constexpr int each = 20'000;
  std::vector<std::jthread> threads;
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&exemplars, i] {
      for (int n = 0; n < each; ++n) {
        const auto byte = static_cast<std::uint8_t>(1 + (n * writers + i) % 250);
        exemplars.keep(byte, trace_of(byte));
      }
    });
  }
  int torn = 0;
  for (int n = 0; n < each; ++n) {
    const auto seen = exemplars.of(0);
    if (seen && seen->trace != trace_of(static_cast<std::uint8_t>(seen->value))) ++torn;
  }
  threads.clear();
  EXPECT_EQ(torn, 0);
  ASSERT_TRUE(exemplars.of(0));
  EXPECT_FALSE(exemplars.of(1));
}

}  // namespace
}  // namespace porchlight::telemetry
