// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace porchlight::api::paths {

// The route templates: the closed set of the `endpoint` label is made of these.
inline constexpr const char* metrics = "/metrics";
inline constexpr const char* health = "/health";
inline constexpr const char* live = "/health/live";
inline constexpr const char* ready = "/health/ready";
inline constexpr const char* startup = "/health/startup";
inline constexpr const char* ring = "/api/v1/buttons/{id}/ring";
inline constexpr const char* status = "/api/v1/status";
inline constexpr const char* reload = "/api/v1/reload";
inline constexpr const char* faces_reload = "/api/v1/faces/reload";

inline constexpr std::array all = {metrics, health, live, ready, startup, ring, status, reload, faces_reload};

}  // namespace porchlight::api::paths
