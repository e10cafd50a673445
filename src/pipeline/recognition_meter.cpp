// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recognition_meter.hpp"

#include <cstdint>
#include <utility>

namespace porchlight::pipeline {
namespace {

using store::LabelOutcome;

constexpr std::uint64_t enough_for_percent = 20;
constexpr std::uint64_t enough_for_ratios = 50;

telemetry::Gauge count_of(telemetry::Metrics& metrics, LabelOutcome outcome) {
  return metrics.gauge("recognition_labels", {{"outcome", std::string(to_string(outcome))}});
}

// Sightings that both networks judged stand under the first one's name, as their confidence does.
std::string label_of(std::string_view model_version) {
  return std::string(model_version.substr(0, model_version.find('+')));
}

void show_ratio(telemetry::Gauge& gauge, std::uint64_t part, std::uint64_t whole, bool enough) {
  if (enough && whole > 0)
    gauge.set(static_cast<double>(part) / static_cast<double>(whole));
  else
    gauge.clear();
}

}  // namespace

RecognitionMeter::RecognitionMeter(telemetry::Metrics& metrics)
    : metrics_(metrics),
      accuracy_(metrics.gauge("ml_model_accuracy")),
      precision_(metrics.gauge("ml_model_precision")),
      recall_(metrics.gauge("ml_model_recall")),
      true_positive_(count_of(metrics, LabelOutcome::true_positive)),
      false_positive_(count_of(metrics, LabelOutcome::false_positive)),
      false_negative_(count_of(metrics, LabelOutcome::false_negative)),
      true_negative_(count_of(metrics, LabelOutcome::true_negative)) {}

void RecognitionMeter::show(std::string_view model_version, const store::LabelTally& tally) {
  true_positive_.set(static_cast<double>(tally.true_positive));
  false_positive_.set(static_cast<double>(tally.false_positive));
  false_negative_.set(static_cast<double>(tally.false_negative));
  true_negative_.set(static_cast<double>(tally.true_negative));
  show_percent(model_version, tally);
  const bool enough = tally.all() >= enough_for_ratios;
  show_ratio(accuracy_, tally.right(), tally.all(), enough);
  show_ratio(precision_, tally.true_positive, tally.true_positive + tally.false_positive, enough);
  show_ratio(recall_, tally.true_positive, tally.true_positive + tally.false_negative, enough);
}

void RecognitionMeter::show_percent(std::string_view model_version, const store::LabelTally& tally) {
  constexpr const char* name = "face_recognition_accuracy";
  auto label = tally.all() >= enough_for_percent ? label_of(model_version) : std::string();
  if (!shown_as_.empty() && shown_as_ != label) metrics_.remove_gauge(name, {{"model_version", shown_as_}});
  shown_as_ = std::move(label);
  if (shown_as_.empty()) return;
  metrics_.gauge(name, {{"model_version", shown_as_}})
      .set(100 * static_cast<double>(tally.right()) / static_cast<double>(tally.all()));
}

}  // namespace porchlight::pipeline
