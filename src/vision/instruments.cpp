// SPDX-License-Identifier: Apache-2.0
#include "instruments.hpp"

#include "porchlight/vision/embedding.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {
namespace {

constexpr std::string_view buckets[] = {"high", "medium", "low", "very_low"};
constexpr event::Verdict verdicts[] = {event::Verdict::known_person, event::Verdict::unknown_person,
                                       event::Verdict::blacklist_match, event::Verdict::no_face,
                                       event::Verdict::error};

std::size_t bucket_of(double confidence) {
  if (confidence >= 0.9) return 0;
  if (confidence >= 0.7) return 1;
  return confidence >= 0.5 ? 2 : 3;
}

telemetry::Histogram confidence_histogram(telemetry::Metrics& metrics, std::string_view version) {
  return metrics.histogram("ml_prediction_confidence", {{"model_version", std::string(version)}});
}

}  // namespace

EngineInstruments::EngineInstruments(telemetry::Metrics* metrics, const FaceOptions& options)
    : on_(metrics != nullptr) {
  if (!on_) return;
  std::size_t network = 0;
  const auto versions = model_versions(options);
  scores_ = confidence_histogram(*metrics, versions[static_cast<std::size_t>(Step::detect)]);
  for (const auto& version : versions) {
    predictions_[network++] = metrics->counter("ml_predictions_total", {{"model_version", version}});
  }
  inference_ = metrics->histogram("ml_inference_duration_seconds");
  detection_ = metrics->histogram("pipeline_processing_duration_seconds", {{"stage", "face_detection"}});
  recognition_ = metrics->histogram("pipeline_processing_duration_seconds", {{"stage", "recognition"}});
}

void EngineInstruments::book(Step step, std::chrono::nanoseconds took) {
  if (!on_) return;
  const auto seconds = std::chrono::duration<double>(took).count();
  predictions_[static_cast<std::size_t>(step)].increment();
  inference_.observe(seconds);
  (step == Step::detect ? detection_ : recognition_).observe(seconds, trace);
}

RefusalInstruments::RefusalInstruments(telemetry::Metrics& metrics) {
  for (const auto reason : event::refusals) {
    refused_[static_cast<std::size_t>(reason)] =
        metrics.counter("face_shots_refused_total", {{"reason", std::string(event::to_string(reason))}});
  }
}

AnswerInstruments::AnswerInstruments(telemetry::Metrics& metrics)
    : predicted_(confidence_histogram(metrics, model_version)) {
  for (const auto verdict : verdicts) {
    const auto row = static_cast<std::size_t>(verdict);
    const std::string result(event::to_string(verdict));
    for (std::size_t i = 0; i < std::size(buckets); ++i) {
      requests_[row][i] =
          metrics.counter("face_recognition_requests_total",
                          {{"result_type", result}, {"confidence_bucket", std::string(buckets[i])}});
    }
    confidence_[row] = metrics.histogram("face_recognition_confidence", {{"result_type", result}});
  }
}

void AnswerInstruments::count(event::Verdict verdict, double confidence) {
  const auto row = static_cast<std::size_t>(verdict);
  requests_[row][bucket_of(confidence)].increment();
  confidence_[row].observe(confidence);
  if (verdict != event::Verdict::no_face && verdict != event::Verdict::error) predicted_.observe(confidence);
}

}  // namespace porchlight::vision
