// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::pipeline {

// The face models in memory: loaded and proved on a drawn face when they are asked for, dropped when told so.
// A file that is missing, is no model or answers wrongly puts the folder in quarantine: it is not read again
// before a file in it has changed. Other faults (no memory) are tried again after a growing pause. Vision
// thread.
class ModelKeeper {
 public:
  // References outlive us.
  ModelKeeper(const Clock& clock, telemetry::Metrics& metrics, telemetry::Health& health);

  // At once when the models are there, cheap when they are known to be bad. The error names the file.
  Status load(const vision::FaceOptions& options);
  vision::FaceEngine* engine() const noexcept { return engine_.get(); }
  // On purpose: health stays as it is.
  void drop();
  // Nobody needs them, so nothing is missing.
  void unneeded();
  // A new configuration: what was learnt about the files is forgotten.
  void reset();
  // The last load() since reset() went well.
  bool good() const noexcept { return !proved_.empty() && !fault_; }

 private:
  struct Fault {
    Error why;
    std::string files;  // as they were
    MonotonicTime looked{};
    MonotonicTime again{};  // when it was not the files'
  };

  bool still_bad();
  Result<std::unique_ptr<vision::FaceEngine>> take_in(const vision::FaceOptions& options,
                                                      const std::string& files);
  Status refuse(Error why, const std::string& files);

  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Health& health_;
  telemetry::Counter errors_;
  const telemetry::Logger log_{"doorbell.vision", telemetry::Component::ai};
  std::vector<telemetry::Gauge> info_;
  std::unique_ptr<vision::FaceEngine> engine_;
  std::string proved_;  // the files that answered rightly
  std::optional<Fault> fault_;
  std::chrono::nanoseconds pause_{};
};

}  // namespace porchlight::pipeline
