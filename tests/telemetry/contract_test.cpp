// SPDX-License-Identifier: Apache-2.0
// The exposition against the contract, and proof that this test can fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "telemetry/contract_check.hpp"
#include "telemetry/sample_sets.hpp"

namespace porchlight::telemetry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  while (at != std::string::npos) {
    text.replace(at, from.size(), to);
    at = text.find(from, at + to.size());
  }
  return text;
}

std::string without_lines(const std::string& text, const std::string& part) {
  std::string out;
  std::size_t dropped = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at) + 1;
    const auto line = text.substr(at, end - at);
    if (line.find(part) == std::string::npos) {
      out += line;
    } else {
      ++dropped;
    }
    at = end;
  }
  EXPECT_NE(dropped, 0u) << part;
  return out;
}

class Contract : public testing::Test {
 protected:
  Contract() : metrics_(sample_sets()) {}
  std::vector<std::string> faults_of(const std::string& exposition) {
    return contract::check(exposition, sample_configured());
  }
  // Every kind of series with a value in it.
  std::string lively() {
    metrics_.gauge("camera_connection_status", {{"camera_id", "front"}}).set(1);
    metrics_.gauge("camera_connection_state", {{"camera_id", "front"}, {"status", "connected"}}).set(1);
    metrics_.gauge("camera_last_frame_timestamp", {{"camera_id", "front"}}).set(1.7e9);
    metrics_.gauge("pipeline_queue_size", {{"queue_name", "log"}}).set(3);
    metrics_.gauge("pipeline_worker_health", {{"worker_id", "button-1"}, {"worker_type", "button"}}).set(1);
    metrics_.gauge("outbox_depth", {{"channel", "log"}}).set(2);
    metrics_.gauge("output_active", {{"output_id", "chime"}}).set(1);
    metrics_.gauge("face_recognition_accuracy", {{"model_version", "resnet-1"}}).set(98.5);
    metrics_.gauge("ml_model_accuracy").set(0.985);
    metrics_.gauge("ml_model_precision").set(1);
    metrics_.gauge("ml_model_recall").set(0.97);
    metrics_.gauge("recognition_labels", {{"outcome", "true_negative"}}).set(7);
    metrics_.histogram("doorbell_chime_latency_seconds").observe(0.0002);
    for (int i = 0; i < 100; ++i) {
      metrics_.histogram("doorbell_ring_to_notification_seconds", {{"channel", "webhook"}}).observe(i * 0.7);
    }
    metrics_.counter("http_requests_total", {{"method", "GET"}, {"endpoint", "/metrics"}, {"status", "200"}})
        .increment();
    metrics_.histogram("metrics_scrape_duration_seconds").observe(0.002);
    metrics_.gauge("metrics_exposed_series").set(1000);
    metrics_.gauge("metrics_exposed_bytes").set(100'000);
    metrics_.publish(sample_samples());
    return metrics_.exposition();
  }

  Metrics metrics_;
};

TEST_F(Contract, HoldsFromTheFirstScrape) {
  EXPECT_THAT(faults_of(metrics_.exposition()), IsEmpty());
}

TEST_F(Contract, HoldsWithValues) {
  EXPECT_THAT(faults_of(lively()), IsEmpty());
}

TEST_F(Contract, HoldsForAConfigurationOfNothing) {
  Metrics bare{ClosedSets{}};
  const auto text = bare.exposition();
  auto configured = sample_configured();
  configured.values["endpoint"] = {"unmatched"};
  configured.routes.clear();
  for (const char* set :
       {"camera_id", "channel", "model_version", "worker_id", "button_id", "output_id", "device"})
    configured.values.erase(set);
  EXPECT_THAT(contract::check(text, configured), IsEmpty());
}

TEST_F(Contract, HasAllFamiliesOfTheDocumentsAndOurOwn) {
  EXPECT_GE(contract::families(), 157u);
}

TEST_F(Contract, WaitsForUnbuiltFeaturesOnly) {
  const std::set<std::string> unbuilt = {"backups", "a GPU",   "number plates", "synthetic transactions",
                                         "tracing", "updates", "WebRTC"};
  for (const auto& [family, feature] : contract::pending()) EXPECT_THAT(unbuilt, Contains(feature)) << family;
}

TEST_F(Contract, SeesAPendingFamilyThatIsThere) {
  EXPECT_THAT(
      faults_of(lively() +
                "# HELP webrtc_connection_failures_total x\n# TYPE webrtc_connection_failures_total "
                "counter\nwebrtc_connection_failures_total 0\n"),
      ElementsAre(
          "webrtc_connection_failures_total: is there, and the contract says that it waits for WebRTC"));
}

TEST_F(Contract, SeesAForeignNameOfTheMachine) {
  EXPECT_THAT(faults_of(replaced(lively(), "system_throttled{reason=\"under_voltage\"}",
                                 "system_throttled{reason=\"low_spirits\"}")),
              ElementsAre("system_throttled: value 'low_spirits' of label 'reason' is not in its set"));
  EXPECT_THAT(faults_of(replaced(lively(), "network_drops_total{interface=\"eth0\"}",
                                 "network_drops_total{interface=\"lo\"}")),
              ElementsAre("network_drops_total: value 'lo' of label 'interface' is not in its set"));
}

TEST_F(Contract, SeesARenamedFamily) {
  EXPECT_THAT(faults_of(replaced(lively(), "camera_reconnects_total", "camera_reconnections_total")),
              testing::UnorderedElementsAre("camera_reconnections_total: not in the contract",
                                            "camera_reconnects_total: missing"));
}

TEST_F(Contract, SeesAnotherType) {
  EXPECT_THAT(faults_of(replaced(lively(), "# TYPE outbox_depth gauge", "# TYPE outbox_depth counter")),
              ElementsAre("outbox_depth: is a counter, should be a gauge"));
}

TEST_F(Contract, SeesAMissingHelpText) {
  EXPECT_THAT(faults_of(replaced(lively(), "# HELP known_faces_database_size Enrolled persons.",
                                 "# HELP known_faces_database_size")),
              ElementsAre("known_faces_database_size: no HELP"));
}

TEST_F(Contract, SeesAMissingBucket) {
  EXPECT_THAT(faults_of(without_lines(lively(), "metrics_scrape_duration_seconds_bucket{le=\"0.05\"}")),
              ElementsAre("metrics_scrape_duration_seconds: {} has other buckets"));
}

TEST_F(Contract, SeesAChangedBucket) {
  EXPECT_THAT(faults_of(replaced(lively(), "metrics_scrape_duration_seconds_bucket{le=\"0.05\"}",
                                 "metrics_scrape_duration_seconds_bucket{le=\"0.06\"}")),
              ElementsAre("metrics_scrape_duration_seconds: {} has other buckets"));
}

TEST_F(Contract, SeesAnExtraLabel) {
  EXPECT_THAT(faults_of(replaced(lively(), "outbox_depth{channel=\"log\"}",
                                 "outbox_depth{channel=\"log\",url=\"x\"}")),
              ElementsAre("outbox_depth: label 'url' is not in the contract"));
}

TEST_F(Contract, SeesAMissingLabel) {
  EXPECT_THAT(faults_of(replaced(lively(), "outbox_depth{channel=\"log\"}", "outbox_depth")),
              ElementsAre("outbox_depth: label 'channel' is missing"));
}

TEST_F(Contract, SeesAForeignValue) {
  EXPECT_THAT(faults_of(replaced(lively(), "reason=\"timeout\"", "reason=\"boredom\"")),
              Contains("camera_reconnects_total: value 'boredom' of label 'reason' is not in its set"));
  EXPECT_THAT(
      faults_of(replaced(lively(), "outbox_depth{channel=\"log\"}", "outbox_depth{channel=\"other\"}")),
      ElementsAre("outbox_depth: value 'other' of label 'channel' is not in its set"));
  EXPECT_THAT(
      faults_of(replaced(lively(), "camera_id=\"front\"", "camera_id=\"cellar\"")),
      Contains("camera_frames_received_total: value 'cellar' of label 'camera_id' is not in its set"));
}

TEST_F(Contract, SeesASeriesThatIsNotPreCreated) {
  EXPECT_THAT(faults_of(without_lines(lively(), "doorbell_triggers_by_hour_total{hour=\"07\"}")),
              ElementsAre("doorbell_triggers_by_hour_total: {hour=\"07\"} is not there from the start"));
  EXPECT_THAT(faults_of(without_lines(
                  lively(), "errors_total{component=\"storage\",error_type=\"io\",severity=\"critical\"}")),
              ElementsAre(HasSubstr("severity=\"critical\"} is not there from the start")));
  EXPECT_THAT(faults_of(without_lines(
                  lively(), "http_requests_total{endpoint=\"/health\",method=\"GET\",status=\"503\"}")),
              ElementsAre(HasSubstr("status=\"503\"} is not there from the start")));
  EXPECT_THAT(faults_of(without_lines(lively(), "build_info{")),
              ElementsAre("build_info: should have one series"));
  EXPECT_THAT(faults_of(without_lines(lively(), "metrics_label_overflow_total 0")),
              ElementsAre("metrics_label_overflow_total: {} is not there from the start"));
}

TEST_F(Contract, SeesWhatIsNoExposition) {
  const auto text = lively();
  EXPECT_THAT(faults_of(text + "outbox_depth{channel=\"log\"} 2\n"),
              Contains(HasSubstr("outside its family")));
  EXPECT_THAT(faults_of(replaced(text, "outbox_depth{channel=\"log\"} 2\n",
                                 "outbox_depth{channel=\"log\"} 2\noutbox_depth{channel=\"log\"} 2\n")),
              Contains("outbox_depth{channel=\"log\"}: twice"));
  EXPECT_THAT(
      faults_of(replaced(text, "outbox_depth{channel=\"log\"} 2", "outbox_depth{channel=\"log\"} two")),
      Contains(HasSubstr("cannot read")));
  EXPECT_THAT(
      faults_of(replaced(text, "outbox_depth{channel=\"log\"} 2", "outbox_depth{channel=\"log\"} NaN")),
      ElementsAre("outbox_depth: is not a number"));
  EXPECT_THAT(faults_of(without_lines(text, "# HELP outbox_depth")), Contains("outbox_depth: missing"));
  EXPECT_THAT(faults_of(""), Contains("outbox_depth: missing"));
}

}  // namespace
}  // namespace porchlight::telemetry
