// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "telemetry/sample_sets.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountersAreThereBeforeTheirFirstEvent) {
  Metrics metrics(sample_sets());
  const auto text = metrics.exposition();
  EXPECT_THAT(text,
              HasSubstr("security_events_total{action_taken=\"alert_sent\",event_type=\"blacklist_match\","
                        "source=\"face_recognition\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("doorbell_triggers_by_hour_total{hour=\"00\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("notifications_sent_total{channel=\"log\",status=\"failure\",type=\"plate\"} 0\n"));
}

TEST(Metrics, HandlesOfOneSeriesShareIt) {
  Metrics metrics(sample_sets());
  auto one = metrics.counter("camera_frames_received_total", {{"camera_id", "front"}});
  auto two = metrics.counter("camera_frames_received_total", {{"camera_id", "front"}});
  one.increment();
  two.increment(2);
  EXPECT_EQ(one.value(), 3);
  EXPECT_EQ(metrics.counter("camera_frames_received_total", {{"camera_id", "back"}}).value(), 0);
}

TEST(Metrics, ADefaultHandleDoesNothing) {
  Counter counter;
  Gauge gauge;
  Histogram histogram;
  counter.increment();
  gauge.set(1);
  gauge.clear();
  histogram.observe(1);
  EXPECT_EQ(counter.value(), 0);
}

TEST(Metrics, AGaugeWithoutMeaningIsAbsent) {
  Metrics metrics(sample_sets());
  const Labels front = {{"camera_id", "front"}};
  auto last = metrics.gauge("camera_last_frame_timestamp", front);
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_last_frame_timestamp{")));
  last.set(1'700'000'000.25);
  EXPECT_THAT(metrics.exposition(),
              HasSubstr("camera_last_frame_timestamp{camera_id=\"front\"} 1700000000.25\n"));
  metrics.remove_gauge("camera_last_frame_timestamp", front);
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_last_frame_timestamp{")));
  last.set(5);
  EXPECT_THAT(metrics.exposition(), HasSubstr("camera_last_frame_timestamp{camera_id=\"front\"} 5\n"));
}

TEST(Metrics, OtherGaugesBeginAtZeroWhenTaken) {
  Metrics metrics(sample_sets());
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("\nactive_connections 0")));
  auto connections = metrics.gauge("active_connections");
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nactive_connections 0\n"));
  connections.add(2);
  connections.add(-1);
  EXPECT_EQ(connections.value(), 1);
}

TEST(Metrics, SumsTheSeriesThatAreThere) {
  Metrics metrics(sample_sets());
  metrics.counter("camera_frames_received_total", {{"camera_id", "front"}}).increment(3);
  metrics.counter("camera_frames_received_total", {{"camera_id", "back"}}).increment(4);
  const auto frames = metrics.sum("camera_frames_received_total");
  EXPECT_EQ(frames.value, 7);
  EXPECT_EQ(frames.series, 2u);
  const auto of_front = metrics.sum("camera_frames_received_total",
                                    [](const Labels& labels) { return labels.at("camera_id") == "front"; });
  EXPECT_EQ(of_front.value, 3);
  EXPECT_EQ(of_front.series, 1u);
  metrics.gauge("camera_fps", {{"camera_id", "front"}});  // has no value yet
  EXPECT_EQ(metrics.sum("camera_fps").series, 0u);
  metrics.gauge("camera_fps", {{"camera_id", "back"}}).set(12.5);
  EXPECT_EQ(metrics.sum("camera_fps").value, 12.5);
}

TEST(Metrics, ExtendAddsAndKeeps) {
  Metrics metrics(sample_sets());
  auto front = metrics.counter("camera_frames_received_total", {{"camera_id", "front"}});
  front.increment(7);
  ClosedSets more;
  more.camera_ids = {"front", "garden"};
  metrics.extend(more);
  const auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("camera_frames_received_total{camera_id=\"front\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("camera_frames_received_total{camera_id=\"garden\"} 0\n"));
  front.increment();
  EXPECT_EQ(front.value(), 8);
}

TEST(Metrics, ForgetRemovesEverySeriesOfACamera) {
  Metrics metrics(sample_sets());
  metrics.gauge("camera_fps", {{"camera_id", "front"}}).set(15);
  metrics.gauge("camera_fps", {{"camera_id", "back"}}).set(10);
  metrics.forget("camera_id", "front");
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_id=\"front\"")));
  EXPECT_THAT(metrics.exposition(), HasSubstr("camera_fps{camera_id=\"back\"} 10\n"));
  metrics.extend({});
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_id=\"front\"")));
  ClosedSets again;
  again.camera_ids = {"front"};
  metrics.extend(again);
  EXPECT_THAT(metrics.exposition(), HasSubstr("camera_frames_received_total{camera_id=\"front\"} 0\n"));
}

TEST(Metrics, UnknownValuesAreFoldedAndCounted) {
  Metrics metrics(sample_sets(), OnUnknown::fold);
  metrics.counter("camera_frames_received_total", {{"camera_id", "cellar"}}).increment();
  metrics.counter("camera_frames_received_total", {{"camera_id", "attic"}}).increment();
  metrics.counter("no_such_total").increment();
  metrics.gauge("camera_frames_received_total", {{"camera_id", "front"}}).set(9);
  const auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("camera_frames_received_total{camera_id=\"other\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nmetrics_label_overflow_total 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("cellar")));
  EXPECT_THAT(text, Not(HasSubstr("no_such_total")));
  EXPECT_THAT(text, HasSubstr("camera_frames_received_total{camera_id=\"front\"} 0\n"));
}

TEST(Metrics, AnErrorThatItsComponentDoesNotDeclareIsCountedAsAFault) {
  Metrics metrics(sample_sets(), OnUnknown::fold);
  metrics.counter("errors_total", {{"component", "database"}, {"error_type", "io"}, {"severity", "warning"}});
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nmetrics_label_overflow_total 0\n"));
  metrics.counter("errors_total", {{"component", "config"}, {"error_type", "io"}, {"severity", "warning"}});
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nmetrics_label_overflow_total 1\n"));
}

TEST(Metrics, AThousandSeriesAFamilyIsTheLimit) {
  ClosedSets sets;
  for (int i = 0; i < 1200; ++i) sets.camera_ids.push_back("c" + std::to_string(i));
  Metrics metrics(sets, OnUnknown::fold);
  for (const auto& id : sets.camera_ids) metrics.gauge("camera_fps", {{"camera_id", id}}).set(1);
  const auto text = metrics.exposition();
  std::size_t series = 0;
  for (std::size_t at = text.find("\ncamera_fps{"); at != std::string::npos;
       at = text.find("\ncamera_fps{", at + 1))
    ++series;
  EXPECT_EQ(series, 1001u);
  EXPECT_THAT(text, HasSubstr("camera_fps{camera_id=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nmetrics_label_overflow_total 200\n"));
}

TEST(Metrics, RemovingWhatFoundNoRoomLeavesTheOthersAndCountsNothing) {
  ClosedSets sets;
  for (int i = 0; i < 1002; ++i) sets.camera_ids.push_back("c" + std::to_string(i));
  Metrics metrics(sets, OnUnknown::fold);
  for (const auto& id : sets.camera_ids) metrics.gauge("camera_fps", {{"camera_id", id}}).set(1);
  for (const char* id : {"c0", "c1001", "nobody"}) metrics.remove_gauge("camera_fps", {{"camera_id", id}});
  const auto text = metrics.exposition();
  EXPECT_THAT(text, Not(HasSubstr("camera_fps{camera_id=\"c0\"}")));
  EXPECT_THAT(text, HasSubstr("camera_fps{camera_id=\"c1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("camera_fps{camera_id=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nmetrics_label_overflow_total 2\n"));
}

TEST(Samples, TakeThePlaceOfThoseBefore) {
  Metrics metrics(sample_sets());
  EXPECT_THAT(metrics.exposition(), HasSubstr("# TYPE network_bytes_sent_total counter\n"));
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("\nnetwork_bytes_sent_total{")));
  metrics.publish({{"network_bytes_sent_total", {{"interface", "eth0"}}, 12345678901},
                   {"system_cpu_usage_percent", {}, 0}});
  auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("\nnetwork_bytes_sent_total{interface=\"eth0\"} 12345678901\n"));
  EXPECT_THAT(text, HasSubstr("\nsystem_cpu_usage_percent 0\n"));
  metrics.publish({{"network_bytes_sent_total", {{"interface", "wlan0"}}, 1}});
  text = metrics.exposition();
  EXPECT_THAT(text, Not(HasSubstr("eth0")));
  EXPECT_THAT(text, Not(HasSubstr("\nsystem_cpu_usage_percent 0")));
  EXPECT_THAT(text, HasSubstr("\nnetwork_bytes_sent_total{interface=\"wlan0\"} 1\n"));
}

TEST(Samples, OfACameraThatIsGoneAreLeftOutAlsoWhenTheyComeLate) {
  Metrics metrics(sample_sets(), OnUnknown::abort);
  const Samples samples = {{"ffmpeg_process_memory_mb", {{"camera_id", "front"}}, 1},
                           {"ffmpeg_process_memory_mb", {{"camera_id", "back"}}, 2}};
  metrics.publish(samples);
  EXPECT_THAT(metrics.exposition(), HasSubstr("ffmpeg_process_memory_mb{camera_id=\"front\"} 1\n"));
  metrics.forget("camera_id", "front");
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_id=\"front\"")));
  metrics.publish(samples);
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("camera_id=\"front\"")));
  EXPECT_THAT(metrics.exposition(), HasSubstr("ffmpeg_process_memory_mb{camera_id=\"back\"} 2\n"));
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nmetrics_label_overflow_total 0\n"));
}

TEST(Samples, ThatTheCatalogueDoesNotKnowAreCountedAndNotShown) {
  Metrics metrics(sample_sets(), OnUnknown::fold);
  metrics.publish({{"no_such_total", {}, 1},
                   {"active_connections", {}, 2},  // counted where it happens
                   {"system_load_average", {{"window", "1h"}}, 3},
                   {"system_load_average", {}, 4},
                   {"system_load_average", {{"window", "1m"}, {"cpu", "0"}}, 5},
                   {"system_load_average", {{"window", "5m"}}, 6}});
  const auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("\nmetrics_label_overflow_total 5\n"));
  EXPECT_THAT(text,
              HasSubstr("TYPE system_load_average gauge\nsystem_load_average{window=\"5m\"} 6\n# HELP"));
  EXPECT_THAT(text, Not(HasSubstr("no_such_total")));
  EXPECT_THAT(text, Not(HasSubstr("\nactive_connections 2")));
}

TEST(Samples, AThousandSeriesAFamilyIsTheLimit) {
  Metrics metrics(sample_sets(), OnUnknown::fold);
  Samples samples;
  for (int i = 0; i < 1200; ++i)
    samples.push_back({"system_cpu_core_usage_percent", {{"cpu", std::to_string(i)}}, 1});
  metrics.publish(std::move(samples));
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nmetrics_label_overflow_total 200\n"));
}

TEST(Metrics, KnowsWhatItWouldTake) {
  const Metrics metrics(sample_sets());
  EXPECT_TRUE(metrics.knows("disk_io_latency_ms", {{"device", "mmcblk0p2"}, {"operation", "sync"}}));
  EXPECT_FALSE(metrics.knows("disk_io_latency_ms", {{"device", "sda1"}, {"operation", "sync"}}));
  EXPECT_FALSE(metrics.knows("disk_io_latency_ms", {{"device", "mmcblk0p2"}}));
  EXPECT_FALSE(metrics.knows("no_such_total", {}));
}

TEST(MetricsDeathTest, UnknownNamesAbortWhereBugsShouldShow) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Metrics(sample_sets(), OnUnknown::abort).counter("no_such_total"), "no_such_total");
  EXPECT_DEATH(
      Metrics(sample_sets(), OnUnknown::abort).counter("camera_frames_received_total", {{"camera_id", "x"}}),
      "camera_id: camera_frames_received_total");
}

TEST(Metrics, ObservationsFallIntoTheirBuckets) {
  Metrics metrics(sample_sets());
  metrics.histogram("metrics_scrape_duration_seconds").observe(0.003);
  metrics.histogram("metrics_scrape_duration_seconds").observe(0.005);
  metrics.histogram("metrics_scrape_duration_seconds").observe(7);
  const auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("metrics_scrape_duration_seconds_bucket{le=\"0.0025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("metrics_scrape_duration_seconds_bucket{le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("metrics_scrape_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("metrics_scrape_duration_seconds_sum 7.008\n"));
  EXPECT_THAT(text, HasSubstr("metrics_scrape_duration_seconds_count 3\n"));
}

TEST(Metrics, NothingIsLostWhileItIsScraped) {
  Metrics metrics(sample_sets());
  auto counter = metrics.counter("camera_frames_received_total", {{"camera_id", "front"}});
  auto histogram = metrics.histogram("ml_inference_duration_seconds");
  constexpr int each = 20'000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < each; ++n) {
          counter.increment();
          histogram.observe(0.1);
        }
      });
    }
    for (int i = 0; i < 20; ++i) metrics.exposition();
  }
  EXPECT_EQ(counter.value(), 4 * each);
  EXPECT_THAT(metrics.exposition(), HasSubstr("\nml_inference_duration_seconds_count 80000\n"));
}

TEST(Metrics, ScrapesAtOneTimeAreAlike) {
  Metrics metrics(sample_sets());
  const auto lines_of = [&metrics] { return metrics.scrape(Format::classic).samples; };
  const auto expected = lines_of();
  std::vector<std::size_t> seen(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : seen) {
      threads.emplace_back([&mine, &lines_of, expected] {
        mine = expected;
        for (int n = 0; n < 20 && mine == expected; ++n) mine = lines_of();
      });
    }
  }
  EXPECT_THAT(seen, testing::Each(expected));
}

TEST(Metrics, SixteenCamerasStayInTheLineBudget) {
  auto sets = sample_sets();
  for (int i = 0; i < 14; ++i) sets.camera_ids.push_back("camera_" + std::to_string(i));
  sets.channel_types = {"telegram", "email", "webhook", "mqtt", "log"};
  Metrics metrics(sets);
  const auto text = metrics.exposition();
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 6000);
}

}  // namespace
}  // namespace porchlight::telemetry
