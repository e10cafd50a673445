// SPDX-License-Identifier: Apache-2.0
// What OpenMetrics 1.0 says otherwise than the classic format about a family of the catalogue
// (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md).
#pragma once

#include <string_view>

#include "telemetry/catalogue.hpp"

namespace porchlight::telemetry::openmetrics {

// Twins that one document names and whose name this format needs for another family.
bool is_left_out(const FamilySpec& spec) noexcept;

// A counter's family is named without the `_total` that its sample has. Where that name is another
// family's, the type is given up for the name: queries know the name, and none the type.
std::string_view family_name(const FamilySpec& spec) noexcept;
std::string_view type_name(const FamilySpec& spec) noexcept;

}  // namespace porchlight::telemetry::openmetrics
