// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "porchlight/event/id.hpp"

namespace porchlight::event {

// What a W3C traceparent says, also one of a later version; nothing where it is malformed or an id is all
// zero.
std::optional<TraceContext> parse_traceparent(std::string_view traceparent) noexcept;

}  // namespace porchlight::event
