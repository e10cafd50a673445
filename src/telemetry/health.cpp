// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/health.hpp"

#include <algorithm>

namespace porchlight::telemetry {

void Health::set(Part part, PartState state) noexcept {
  states_[static_cast<std::size_t>(part)] = state;
}

Health::PartState Health::get(Part part) const noexcept {
  return states_[static_cast<std::size_t>(part)];
}

bool Health::started() const noexcept {
  return std::all_of(states_.begin(), states_.end(),
                     [](const auto& state) { return state == PartState::started; });
}

double Health::startup_seconds() noexcept {
  const double so_far = std::chrono::duration<double>(clock_.now() - begun_).count();
  double needed = startup_seconds_;
  if (needed >= 0) return needed;
  if (!started()) return so_far;
  // Two readers may arrive together: the first one's figure stays.
  return startup_seconds_.compare_exchange_strong(needed, so_far) ? so_far : needed;
}

std::string_view to_string(Health::Part part) noexcept {
  constexpr std::array<std::string_view, Health::parts> names = {"config", "database", "model", "cameras",
                                                                 "api"};
  return names[static_cast<std::size_t>(part)];
}

std::string_view to_string(Health::PartState state) noexcept {
  constexpr std::array<std::string_view, 4> names = {"pending", "starting", "started", "failed"};
  return names[static_cast<std::size_t>(state)];
}

}  // namespace porchlight::telemetry
