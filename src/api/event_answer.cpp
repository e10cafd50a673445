// SPDX-License-Identifier: Apache-2.0
// Answers to events: what is common to links and to those who log in, and the route of the latter.
#include <utility>

#include "api/account_routes.hpp"
#include "api/event_answers.hpp"
#include "api/json_body.hpp"
#include "api/link_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::size_t most_characters = 200;

http::Response answered(const Request& request, const store::EventAnswer& answer,
                        const Result<store::AnswerOutcome>& outcome) {
  if (!outcome) {
    if (outcome.error().code() == ErrorCode::not_found)
      return refusal(404, "there is no such event", request);
    return busy(outcome.error().text().c_str(), request.trace);
  }
  const bool wanted_reply = !answer.reply.empty();
  if (wanted_reply ? !outcome->replied : !outcome->acknowledged)
    return refusal(409,
                   wanted_reply ? "this account has replied already" : "somebody has acknowledged it already",
                   request);
  return json_answer(200, {{"acknowledged", acknowledged_json(outcome->all)}, {"replied", outcome->replied}});
}

void acknowledge(Library::State& library, const EventAnswerPort& port, const Request& request,
                 const Caller& caller, const Responder& responder) {
  JsonBody body(request, {"reply"});
  const auto given = body.optional_text("reply");
  const auto reply = given ? reply_text(*given) : std::string();
  if (!reply) body.fault("'reply' has 1 to 200 characters on one line", 422);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  const auto id = event::EventId::parse(request.parameter("id"));
  if (!id) return void(responder.send(refusal(404, "there is no such event", request)));
  run_later(library, request, responder, [=, &library](OpenLibrary& open) -> Status {
    const auto event = open.events.find(*id);
    if (!event) return event.error();
    if (!*event || !caller.cameras.allows((*event)->camera_id)) {
      if (*event)
        note_refusal(library.accounts, request, caller, "user camera '" + (*event)->camera_id + "'");
      responder.send(refusal(404, "there is no such event", request));
      return {};
    }
    store::EventAnswer answer{*id, caller.name, *reply, library.clock.wall()};
    give_answer(library, port, {answer, change_record(request, caller.name, "update")},
                [request, responder, answer](const Result<store::AnswerOutcome>& outcome) {
                  responder.send(answered(request, answer, outcome));
                });
    return {};
  });
}

}  // namespace

std::optional<std::string> reply_text(std::string_view given) {
  const auto first = given.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  given = given.substr(first, given.find_last_not_of(' ') - first + 1);
  std::size_t characters = 0;
  for (const unsigned char c : given) {
    if (c < 0x20 || c == 0x7f) return std::nullopt;
    characters += (c & 0xc0) != 0x80 ? 1 : 0;
  }
  if (characters > most_characters || !is_utf8(given)) return std::nullopt;
  return std::string(given);
}

void give_answer(Library::State& library, const EventAnswerPort& port, AnswerAsked asked,
                 Answer<store::AnswerOutcome> done) {
  auto& record = asked.record;
  record.changes = asked.answer.reply.empty() ? "acknowledged" : "acknowledged, with a reply";
  record.changes_are_personal = false;
  if (auto status = library.accounts.audit(record); !status) {
    library.log.error("an answer was refused because it cannot be recorded",
                      {{"fault", status.error().text()}});
    return done(
        Error(ErrorCode::permission_denied, "the audit trail cannot be written, so nothing was done"));
  }
  port(std::move(asked.answer),
       [&library, record, done = std::move(done)](const Result<store::AnswerOutcome>& outcome) mutable {
         record.done = outcome && (outcome->acknowledged || outcome->replied);
         // The store lane's thread must not wait for its own record.
         const bool taken = library.ports.quick([&library, record] {
           if (auto status = library.accounts.audit(record); !status)
             library.log.error("the outcome of an answer could not be recorded",
                               {{"fault", status.error().text()}});
         });
         if (!taken) library.log.error("the outcome of an answer is not on record: too many wait");
         done(outcome);
       });
}

void add_acknowledge_route(Guard& guard, Library::State& library, const Port& port) {
  guard.add({.method = http::Method::post,
             .path = paths::acknowledge,
             .statuses = {200, 400, 404, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            Access::from(store::Role::user, Scope::ring),
            [&library, answer = port.answer_event](const Request& request, const Caller& caller,
                                                   const Responder& responder) {
              acknowledge(library, answer, request, caller, responder);
            });
}

}  // namespace porchlight::api
