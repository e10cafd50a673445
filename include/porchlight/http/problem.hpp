// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

// An RFC 9457 answer: type, title, status, detail, trace_id, and an optional list of texts.
struct Problem {
  int status = 500;
  std::string detail{};
  std::string type = "about:blank";  // else urn:porchlight:problem:<word>
  std::string title{};               // empty: the status code's phrase
  std::string list_name{};           // e.g. `faults`; empty: no list
  std::vector<std::string> list{};
};

Response problem_response(const Problem& problem, const event::TraceContext& trace);

}  // namespace porchlight::http
