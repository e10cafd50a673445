// SPDX-License-Identifier: Apache-2.0
#include "api/people_routes.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/enrolment.hpp"
#include "api/paths.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;

constexpr std::chrono::milliseconds enrol_deadline{30'000};
constexpr const char* bad_name = "a name is 1 to 100 bytes of printable text without a blank at either end";

Response no_such_person(const event::TraceContext& trace) {
  return http::problem_response({.status = 404, .detail = "there is no such person"}, trace);
}

void list(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  run(people, Pace::quick, responder, request.trace,
      [&people, request = request, caller, responder](OpenPeople& open) {
        const auto persons = open.gallery.people();
        if (!persons) return void(responder.send(failure(persons.error(), request.trace)));
        people.library.looks.note(request, caller);
        auto array = nlohmann::ordered_json::array();
        for (const auto& person : *persons) array.push_back(person_json(person));
        responder.send(json_answer(200, {{"people", std::move(array)}}));
      });
}

// By the event's picture, which may show several: whoever is nearest is meant.
void enrol_from_event(People::State& people, const Request& request, const Caller& caller,
                      const Responder& responder) {
  JsonBody body(request, {"name", "event"});
  const auto name = body.text("name");
  const auto id = event::EventId::parse(body.text("event"));
  if (!store::is_person_name(name)) body.fault(bad_name, 422);
  if (!id) body.fault("'event' is no id of an event", 422);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  // One at a time reads its picture into memory.
  auto hold = people.uploads.take();
  if (!hold) return void(responder.send(busy("photographs are being looked at already", request.trace)));
  run(people, Pace::quick, responder, request.trace,
      [&people, name, id = *id, hold = std::move(hold), asker = Asker(request, caller),
       responder](OpenPeople& open) {
        const auto event = store::EventLog(*open.database).find(id);
        if (!event) return void(responder.send(failure(event.error(), asker.trace)));
        if (!*event || (*event)->snapshot.empty())
          return void(responder.send(http::problem_response(
              {.status = 404, .detail = *event ? "this event has no picture" : "there is no such event"},
              asker.trace)));
        auto picture =
            read_whole_file(people.library.folder / "snapshots" / (*event)->snapshot, upload_bytes);
        if (!picture) return void(responder.send(failure(picture.error(), asker.trace)));
        std::make_shared<Enrolment>(
            people, asker,
            EnrolmentOrder{
                name, {std::move(*picture)}, FaceWanted::largest, " from event " + id.text(), id, hold},
            responder)
            ->begin();
      });
}

void enrol(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  if (request.parts.empty()) return enrol_from_event(people, request, caller, responder);
  auto form = read_photo_form(request, true);
  if (!form.fault.empty()) return void(responder.send(refusal(400, form.fault, request)));
  if (!store::is_person_name(form.name)) return void(responder.send(refusal(422, bad_name, request)));
  std::make_shared<Enrolment>(
      people, Asker(request, caller),
      EnrolmentOrder{std::move(form.name), std::move(form.photos), FaceWanted::only, "", {}, request.hold},
      responder)
      ->begin();
}

struct Wanted {
  std::optional<std::string> name;
  std::optional<store::Listing> listed_as;
};

Status rename(People::State& people, OpenPeople& open, const Asker& asker, const std::string& from,
              const std::string& to) {
  auto status =
      make_change(people, asker, {from, "update", to, true}, [&] { return open.gallery.rename(from, to); });
  if (!status) return status;
  // Or forgetting the new name would leave the old one behind. The name is changed all the same.
  if (const auto erased = store::erase_audit_value(*open.database, from); !erased)
    people.log.error("a former name stays among the audit log's values", {{"fault", erased.error().text()}});
  return {};
}

Status list_as(People::State& people, OpenPeople& open, const Asker& asker, const std::string& name,
               store::Listing listing) {
  const auto word = "listed as " + std::string(to_string(listing));
  return make_change(people, asker, {name, "update", word},
                     [&] { return open.gallery.list_as(name, listing); });
}

void change(People::State& people, OpenPeople& open, const Asker& asker, std::int64_t id,
            const Wanted& wanted, const Responder& responder) {
  auto person = open.gallery.find(id);
  if (!person) return void(responder.send(failure(person.error(), asker.trace)));
  if (!*person) return void(responder.send(no_such_person(asker.trace)));
  auto name = (*person)->name;
  Status status;
  if (wanted.name && *wanted.name != name) {
    const auto taken = open.gallery.find(std::string_view(*wanted.name));
    if (!taken) return void(responder.send(failure(taken.error(), asker.trace)));
    if (*taken)
      return void(responder.send(http::problem_response(
          {.status = 409, .detail = "somebody of that name is enrolled"}, asker.trace)));
    status = rename(people, open, asker, name, *wanted.name);
    name = *wanted.name;
  }
  if (status && wanted.listed_as && *wanted.listed_as != (*person)->listed_as)
    status = list_as(people, open, asker, name, *wanted.listed_as);
  if (!status) return void(responder.send(refused_change(status.error(), asker.trace)));
  person = open.gallery.find(id);
  answer_when_known(
      people, responder,
      person && *person ? json_answer(200, person_json(**person)) : no_such_person(asker.trace));
}

void change(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  JsonBody body(request, {"name", "listed_as"});
  Wanted wanted{body.optional_text("name"), std::nullopt};
  const auto listing = body.optional_text("listed_as");
  if (wanted.name && !store::is_person_name(*wanted.name)) body.fault(bad_name, 422);
  if (listing && *listing != "known" && *listing != "blacklisted")
    body.fault("'listed_as' is known or blacklisted", 422);
  if (auto wrong = body.refusal(request)) return void(responder.send(std::move(*wrong)));
  if (listing) wanted.listed_as = *listing == "known" ? store::Listing::known : store::Listing::blacklisted;
  const auto id = number_of(request);
  if (!id) return void(responder.send(no_such_person(request.trace)));
  run(people, Pace::quick, responder, request.trace,
      [&people, asker = Asker(request, caller), id = *id, wanted, responder](OpenPeople& open) {
        change(people, open, asker, id, wanted, responder);
      });
}

void forget(People::State& people, OpenPeople& open, const Asker& asker, std::int64_t id,
            const Responder& responder) {
  const auto person = open.gallery.find(id);
  if (!person) return void(responder.send(failure(person.error(), asker.trace)));
  if (!*person) {
    // After an erasure that could not be ended the caller comes again, for somebody who is gone.
    if (auto status = open.gallery.end_erasure(); !status)
      return void(responder.send(busy(status.error().text().c_str(), asker.trace)));
    return void(responder.send(no_such_person(asker.trace)));
  }
  const auto name = (*person)->name;
  Status left;
  auto status = make_change(people, asker, {name, "delete", "person forgotten"}, [&] {
    people.library.accounts.instruments.erasure_request.increment();
    return done_or_left(open.gallery.forget(name), left);
  });
  if (status) status = std::move(left);
  if (status || status.error().code() == ErrorCode::unavailable) {
    if (const auto erased = store::erase_audit_value(*open.database, name); !erased) status = erased.error();
  }
  if (status) return answer_when_known(people, responder, Response{204, {}, {}});
  responder.send(refused_change(status.error(), asker.trace));
}

void forget(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  const auto id = number_of(request);
  if (!id) return void(responder.send(no_such_person(request.trace)));
  run(people, Pace::quick, responder, request.trace,
      [&people, asker = Asker(request, caller), id = *id, responder](OpenPeople& open) {
        forget(people, open, asker, id, responder);
      });
}

}  // namespace

CallerHandler with_people(People::State& people, PeopleAction action) {
  return [&people, action](const Request& request, const Caller& caller, const Responder& responder) {
    action(people, request, caller, responder);
  };
}

void add_people_routes(Guard& guard, People::State& people) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  guard.add({.method = Method::get, .path = paths::people, .statuses = {200, 503}},
            Access::from(store::Role::user, Scope::view), with_people(people, list));
  guard.add({.method = Method::post,
             .path = paths::people,
             .statuses = {201, 400, 404, 413, 415, 422, 503},
             .body_bytes = upload_bytes,
             .answer = enrol_deadline,
             .gate = upload_gate(people.uploads, UploadKind::form_or_json),
             .payload = http::Payload::json_or_form},
            admin, with_people(people, enrol));
  guard.add({.method = Method::patch,
             .path = paths::person,
             .statuses = {200, 400, 404, 409, 415, 422, 503},
             .body_bytes = account_body_bytes,
             .payload = http::Payload::json},
            admin, with_people(people, change));
  guard.add({.method = Method::del, .path = paths::person, .statuses = {204, 404, 503}}, admin,
            with_people(people, forget));
}

}  // namespace porchlight::api
