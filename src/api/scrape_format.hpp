// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// The format that an Accept header likes best (RFC 9110 §12.5.1: weights, parameters, the most specific
// range counts); the classic one where it says nothing or likes both alike. Nothing: it takes neither.
std::optional<telemetry::Format> scrape_format(std::string_view accept);

std::string_view content_type(telemetry::Format format) noexcept;

}  // namespace porchlight::api
