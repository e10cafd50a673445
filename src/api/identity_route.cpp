// SPDX-License-Identifier: Apache-2.0
#include "api/identity_route.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/event_answers.hpp"
#include "api/json_body.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"
#include "porchlight/store/gallery_store.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using store::IdentitySaid;

// What the audit log says of it. No name: who is forgotten must not be found there by what was said of a
// visit.
const char* words_for(IdentitySaid said) {
  switch (said) {
    case IdentitySaid::person:
      return "who was seen: somebody enrolled";
    case IdentitySaid::not_person:
      return "who was seen: not whom the event names";
    case IdentitySaid::stranger:
      break;
  }
  return "who was seen: a stranger";
}

store::IdentityClaim claim_of(JsonBody& body) {
  store::IdentityClaim claim;
  const auto is = body.optional_text("is");
  const auto is_not = body.optional_boolean("is_not");
  const auto stranger = body.optional_boolean("stranger");
  if (int{is.has_value()} + int{is_not.has_value()} + int{stranger.has_value()} != 1)
    body.fault("the body has one of 'is', 'is_not' and 'stranger'");
  if (!is_not.value_or(true) || !stranger.value_or(true)) body.fault("'is_not' and 'stranger' are true", 422);
  if (is && !store::is_person_name(*is)) body.fault("'is' is the name of somebody enrolled", 422);
  claim.said = is ? IdentitySaid::person : is_not ? IdentitySaid::not_person : IdentitySaid::stranger;
  claim.person = is.value_or("");
  return claim;
}

http::Response answered(const Request& request, const Result<store::RecognitionLabel>& label) {
  if (label) return json_answer(200, {{"event", label->event.text()}, {"identity", identity_json(*label)}});
  const auto& error = label.error();
  switch (error.code()) {
    case ErrorCode::not_found:
      return refusal(404, "there is no such event", request);
    case ErrorCode::unsupported:
      return refusal(409, error.text(), request);
    case ErrorCode::invalid_argument:
      return refusal(422, error.text(), request);
    default:
      return busy(error.text().c_str(), request.trace);
  }
}

// On record before and after. Library's thread; the answer comes from the store lane's.
void give_claim(Library::State& library, const IdentityPort& port, store::IdentityClaim claim,
                AuditRecord record, Answer<store::RecognitionLabel> done) {
  if (auto status = library.accounts.audit(record); !status) {
    library.log.error("who was seen was refused because it cannot be recorded",
                      {{"fault", status.error().text()}});
    return done(
        Error(ErrorCode::permission_denied, "the audit trail cannot be written, so nothing was done"));
  }
  port(std::move(claim), [&library, record = std::move(record),
                          done = std::move(done)](const Result<store::RecognitionLabel>& label) mutable {
    record.done = label.ok();
    // The store lane's thread must not wait for its own record.
    const bool taken = library.ports.quick([&library, record = std::move(record)] {
      if (auto status = library.accounts.audit(record); !status)
        library.log.error("the outcome of what was said of a visit could not be recorded",
                          {{"fault", status.error().text()}});
    });
    if (!taken) library.log.error("the outcome of what was said of a visit is not on record: too many wait");
    done(label);
  });
}

void identify(Library::State& library, const IdentityPort& port, const Request& request, const Caller& caller,
              const Responder& responder) {
  JsonBody body(request, {"is", "is_not", "stranger"});
  auto claim = claim_of(body);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  const auto id = event::EventId::parse(request.parameter("id"));
  if (!id) return void(responder.send(refusal(404, "there is no such event", request)));
  claim.event = *id;
  run_later(library, request, responder, [=, &library](OpenLibrary& open) -> Status {
    const auto event = open.events.find(*id);
    if (!event) return event.error();
    if (!*event || !caller.cameras.allows((*event)->camera_id)) {
      if (*event)
        note_refusal(library.accounts, request, caller, "user camera '" + (*event)->camera_id + "'");
      responder.send(refusal(404, "there is no such event", request));
      return {};
    }
    auto said = claim;
    said.at = library.clock.wall();
    give_claim(library, port, std::move(said),
               change_record(request, caller.name, "update", words_for(claim.said)),
               [request, responder](const Result<store::RecognitionLabel>& label) {
                 responder.send(answered(request, label));
               });
    return {};
  });
}

}  // namespace

void add_identity_route(Guard& guard, Library::State& library, const Port& port) {
  guard.add({.method = http::Method::put,
             .path = paths::event_identity,
             .statuses = {200, 400, 404, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            Access::from(store::Role::user, Scope::ring),
            [&library, label = port.label_event](const Request& request, const Caller& caller,
                                                 const Responder& responder) {
              identify(library, label, request, caller, responder);
            });
}

}  // namespace porchlight::api
