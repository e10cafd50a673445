// SPDX-License-Identifier: Apache-2.0
#include "telemetry/openmetrics.hpp"

#include <algorithm>
#include <array>

namespace porchlight::telemetry::openmetrics {
namespace {

constexpr std::string_view counted = "_total";
constexpr std::array<std::string_view, 2> twins = {"active_connections_total", "camera_frames_dropped"};

std::string_view without_suffix(std::string_view name) noexcept {
  return name.ends_with(counted) ? name.substr(0, name.size() - counted.size()) : name;
}

bool is_counter(const FamilySpec& spec) noexcept {
  if (spec.kind != Kind::counter || !spec.name.ends_with(counted)) return false;
  const auto* other = find_family(without_suffix(spec.name));
  return other == nullptr || is_left_out(*other);
}

}  // namespace

bool is_left_out(const FamilySpec& spec) noexcept {
  return std::find(twins.begin(), twins.end(), spec.name) != twins.end();
}

std::string_view family_name(const FamilySpec& spec) noexcept {
  return is_counter(spec) ? without_suffix(spec.name) : spec.name;
}

std::string_view type_name(const FamilySpec& spec) noexcept {
  return spec.kind == Kind::counter && !is_counter(spec) ? "unknown" : to_string(spec.kind);
}

}  // namespace porchlight::telemetry::openmetrics
