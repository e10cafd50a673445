// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"
#include "porchlight/http/rejection.hpp"

namespace porchlight::http {

// What a request's head says beyond HTTP's grammar.

struct Target {
  std::string path;
  std::string query;
};
// Origin form, or absolute form without its authority (RFC 9112 §3.2). Nothing for what cannot be
// a path here: other forms, bytes outside visible ASCII, broken escapes, `.` and `..` segments,
// also encoded ones; `reason` then says which kind of mischief it looks like.
std::optional<Target> parse_target(std::string_view target, Rejection* reason = nullptr);

// [A-Za-z0-9._-]{1,64} is kept; anything else is replaced by a random id.
std::string accepted_request_id(std::string_view offered);
// The same, but nothing when it is replaced.
std::string well_formed_id(std::string_view offered);

// A child of the W3C traceparent, a new trace when it is missing or malformed.
event::TraceContext trace_of(std::string_view traceparent);

// HTTP/1.1 wants exactly one Host, an authority or empty (RFC 9112 §3.2).
bool host_is_valid(const Request& request, int version);
// A name or address with an optional port, fit to stand in a Location.
bool is_authority(std::string_view host);
// Parameters of a query; `a&&b` has three.
std::size_t count_query_values(std::string_view query);

}  // namespace porchlight::http
