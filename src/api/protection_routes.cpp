// SPDX-License-Identifier: Apache-2.0
// Footage that stays until somebody lets it go.
#include <utility>

#include "api/account_routes.hpp"
#include "api/footage_routes.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;

// The footage lane's thread must not wait for the record.
void record_outcome(Library::State& library, AuditRecord record, bool done) {
  record.done = done;
  const bool taken = library.ports.quick([&library, record = std::move(record)] {
    if (auto status = library.accounts.audit(record); !status)
      library.log.error("the outcome of a change could not be recorded", {{"fault", status.error().text()}});
  });
  if (!taken) library.log.error("the outcome of a change is not on record: too many wait");
}

void change_protection(Library::State& library, const Request& request, const Caller& caller,
                       const Responder& responder, store::Segment segment, bool wanted) {
  const auto record =
      change_record(request, caller.name, "update", wanted ? "protected" : "not protected any more");
  if (auto status = library.accounts.audit(record); !status) {
    library.log.error("a change was refused because it cannot be recorded",
                      {{"fault", status.error().text()}});
    return void(
        responder.send(busy("the audit trail cannot be written, so nothing was changed", request.trace)));
  }
  const auto id = segment.id;
  library.ports.footage.protect(id, wanted,
                                [&library, request, responder, record, segment = std::move(segment),
                                 wanted](const Status& status) mutable {
                                  record_outcome(library, record, status.ok());
                                  segment.is_protected = wanted;
                                  if (status)
                                    return void(responder.send(json_answer(200, segment_json(segment))));
                                  responder.send(status.error().code() == ErrorCode::not_found
                                                     ? no_such_recording(request)
                                                     : busy(status.error().text().c_str(), request.trace));
                                });
}

CallerHandler protection(Library::State& library, bool wanted) {
  return [&library, wanted](const Request& request, const Caller& caller, const Responder& responder) {
    Query query(request, {});
    if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
    with_segment(library, request, caller, responder, [=, &library](const store::Segment& segment) {
      if (!library.ports.footage.protect)
        return void(responder.send(busy("this daemon does not record", request.trace)));
      change_protection(library, request, caller, responder, segment, wanted);
    });
  };
}

}  // namespace

void add_protection_routes(Guard& guard, Library::State& library) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  for (const bool wanted : {true, false})
    guard.add({.method = wanted ? http::Method::put : http::Method::del,
               .path = paths::recording_protection,
               .statuses = {200, 400, 404, 503}},
              admin, protection(library, wanted));
}

}  // namespace porchlight::api
