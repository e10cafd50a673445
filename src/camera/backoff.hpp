// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/camera/ingest.hpp"

namespace porchlight::camera {

class Backoff {
 public:
  explicit Backoff(ReconnectOptions options);

  // The next wait in the row.
  std::chrono::milliseconds next();
  std::chrono::milliseconds most() const noexcept { return options_.most; }
  void reset() noexcept { failures_ = 0; }

 private:
  ReconnectOptions options_;
  int failures_ = 0;
};

}  // namespace porchlight::camera
