// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/limits.hpp"
#include "porchlight/http/message.hpp"
#include "porchlight/http/problem.hpp"
#include "porchlight/http/rejection.hpp"
#include "porchlight/http/router.hpp"

namespace porchlight::http {

struct PayloadFault {
  Rejection reason = Rejection::malformed;
  Problem problem;
};
// Holds the body against what the route takes, and fills Request::parts of a form.
std::optional<PayloadFault> read_payload(Payload wanted, Request& request, const Limits& limits);

// What is wrong with a text that should be one JSON value, and at which byte, counted from 1; empty: nothing.
std::string json_fault(std::string_view text, std::size_t depth);

}  // namespace porchlight::http
