// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/problem.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::http {

Response problem_response(const Problem& problem, const event::TraceContext& trace) {
  nlohmann::ordered_json body;
  body["type"] = problem.type;
  body["title"] = problem.title.empty() ? std::string(reason_phrase(problem.status)) : problem.title;
  body["status"] = problem.status;
  body["detail"] = problem.detail;
  body["trace_id"] = trace.trace_text();
  if (!problem.list_name.empty()) body[problem.list_name] = problem.list;
  // A detail may quote what a client sent: bytes that are no UTF-8 must not make dump() throw.
  return Response{problem.status,
                  {{"Content-Type", "application/problem+json"}},
                  body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

}  // namespace porchlight::http
