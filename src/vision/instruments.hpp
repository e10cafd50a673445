// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "porchlight/event/event.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/options.hpp"

namespace porchlight::vision {

// What the networks cost. Without Metrics (command line) it counts nothing.
class EngineInstruments {
 public:
  EngineInstruments(telemetry::Metrics* metrics, const FaceOptions& options);

  enum class Step { detect, align, embed, embed_second };  // in the order of model_versions()

  // Runs `work` and books its time under the step.
  template <class Work>
  auto measured(Step step, Work&& work) {
    const auto begun = std::chrono::steady_clock::now();
    auto result = std::forward<Work>(work)();
    book(step, std::chrono::steady_clock::now() - begun);
    return result;
  }

  // The same for the detector, with the score of each face it finds.
  template <class Work>
  auto detected(Work&& work) {
    auto faces = measured(Step::detect, std::forward<Work>(work));
    for (const auto& face : faces) scores_.observe(face.score);
    return faces;
  }

  telemetry::TraceBytes trace{};  // of whoever waits for the work; all zero: nobody

 private:
  void book(Step step, std::chrono::nanoseconds took);

  bool on_ = false;
  telemetry::Counter predictions_[4];
  telemetry::Histogram scores_;  // of the detector
  telemetry::Histogram inference_;
  telemetry::Histogram detection_;
  telemetry::Histogram recognition_;
};

// Pictures of faces before a camera that were compared with nobody.
class RefusalInstruments {
 public:
  explicit RefusalInstruments(telemetry::Metrics& metrics);
  void count(event::Refusal reason) { refused_[static_cast<std::size_t>(reason)].increment(); }

 private:
  telemetry::Counter refused_[event::refusals.size()];
};

// Answers given, by verdict and confidence.
class AnswerInstruments {
 public:
  explicit AnswerInstruments(telemetry::Metrics& metrics);
  void count(event::Verdict verdict, double confidence);

 private:
  telemetry::Counter requests_[5][4];
  telemetry::Histogram confidence_[5];
  telemetry::Histogram predicted_;  // where a face was compared
};

}  // namespace porchlight::vision
