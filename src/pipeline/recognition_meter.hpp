// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "porchlight/store/recognition_labels.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// How well recognition does, by what people said of who was seen. Shown from a number of labels on; before,
// and without a model, the series are absent. One thread.
class RecognitionMeter {
 public:
  static constexpr std::size_t window = 200;  // the newest labelled sightings of the model in force

  explicit RecognitionMeter(telemetry::Metrics& metrics);

  // `model_version` as sightings have it; empty: nobody is recognised.
  void show(std::string_view model_version, const store::LabelTally& tally);

 private:
  void show_percent(std::string_view model_version, const store::LabelTally& tally);

  telemetry::Metrics& metrics_;
  std::string shown_as_;  // label of face_recognition_accuracy; empty: it is absent
  telemetry::Gauge accuracy_;
  telemetry::Gauge precision_;
  telemetry::Gauge recall_;
  telemetry::Gauge true_positive_;
  telemetry::Gauge false_positive_;
  telemetry::Gauge false_negative_;
  telemetry::Gauge true_negative_;
};

}  // namespace porchlight::pipeline
