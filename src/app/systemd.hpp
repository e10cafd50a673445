// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace porchlight::app {

// What systemd wants to hear (sd_notify(3)); silent when nobody listens. Main thread.
class Systemd {
 public:
  void ready(const std::string& status);
  void status(const std::string& status);
  void reloading();
  void stopping();
  void watchdog();
  // Half of WatchdogSec=, as sd_watchdog_enabled(3) advises; nothing when it is off.
  std::optional<std::chrono::microseconds> watchdog_period() const;
};

}  // namespace porchlight::app
