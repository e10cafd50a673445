// SPDX-License-Identifier: Apache-2.0
#include "api/openapi_route.hpp"

#include <memory>

#include "api/openapi_document.hpp"
#include "api/paths.hpp"
#include "porchlight/http/fixed_text.hpp"

namespace porchlight::api {

// For accounts: a stranger need not know what there is to ask for.
void add_openapi_route(Guard& guard) {
  const auto document =
      std::make_shared<const http::FixedText>(std::string(openapi_document), "application/json");
  guard.add({.method = http::Method::get, .path = paths::openapi, .statuses = {200, 304}},
            Access::any_account(Scope::view),
            [document](const http::Request& request, const Caller&, const http::Responder& responder) {
              responder.send(document->answer(request));
            });
}

}  // namespace porchlight::api
