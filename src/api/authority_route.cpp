// SPDX-License-Identifier: Apache-2.0
#include "api/authority_route.hpp"

#include <utility>

#include "api/paths.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

Response answer_of(const Request& request, std::string pem) {
  if (pem.empty())
    return http::problem_response(
        {.status = 404,
         .detail = "the certificate in use is not of Porchlight's own authority: trust whoever made it, "
                   "or its proxy's"},
        request.trace);
  return {200,
          {{"Content-Type", "application/x-x509-ca-cert"},
           {"Content-Disposition", "attachment; filename=\"porchlight-ca.crt\""}},
          std::move(pem)};
}

}  // namespace

void add_authority_route(Guard& guard, std::function<std::string()> authority) {
  guard.add({.method = http::Method::get,
             .path = paths::authority,
             .handler =
                 [authority = std::move(authority)](const Request& request, const Responder& responder) {
                   responder.send(answer_of(request, authority ? authority() : std::string()));
                 },
             .statuses = {200, 404}},
            Access::everyone());
}

}  // namespace porchlight::api
