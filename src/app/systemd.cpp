// SPDX-License-Identifier: Apache-2.0
#include "app/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace porchlight::app {
namespace {

void notify(const std::string& state) {
  ::sd_notify(0, state.c_str());
}

std::string monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

void Systemd::ready(const std::string& status) {
  notify("READY=1\nSTATUS=" + status);
}
void Systemd::status(const std::string& status) {
  notify("STATUS=" + status);
}
void Systemd::reloading() {
  notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec());
}
void Systemd::stopping() {
  notify("STOPPING=1\nSTATUS=stopping");
}
void Systemd::watchdog() {
  notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> Systemd::watchdog_period() const {
  std::uint64_t usec = 0;
  if (::sd_watchdog_enabled(0, &usec) <= 0 || usec == 0) return std::nullopt;
  return std::chrono::microseconds(usec / 2);
}

}  // namespace porchlight::app
