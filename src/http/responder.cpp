// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/responder.hpp"

#include "porchlight/http/problem.hpp"

namespace porchlight::http {

Response Responder::unanswered() {
  return problem_response({.status = 503, .detail = "the request was dropped before it was answered"},
                          event::TraceContext::start());
}

}  // namespace porchlight::http
