// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "api/account_routes.hpp"
#include "api/paths.hpp"
#include "api/people_routes.hpp"

namespace porchlight::api {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using nlohmann::ordered_json;

constexpr std::chrono::milliseconds identify_deadline{30'000};
constexpr std::chrono::seconds examine_limit{20};

Response no_such_face(const event::TraceContext& trace) {
  return http::problem_response({.status = 404, .detail = "there is no such face"}, trace);
}

// What is known of a face but for the face itself.
ordered_json face_json(const store::Person& person, const store::EnrolledFace& face) {
  return {{"id", face.id},
          {"person", {{"id", person.id}, {"name", person.name}}},
          {"created", rfc3339(face.created)},
          {"model", face.model_version},
          {"photo_sha256", face.photo_sha256}};
}

struct Owned {
  store::Person person;
  store::EnrolledFace face;
};
Result<std::optional<Owned>> find_face(OpenPeople& open, std::int64_t id) {
  auto people = open.gallery.people();
  if (!people) return std::move(people).error();
  for (auto& person : *people)
    for (const auto& face : person.faces)
      if (face.id == id) return std::optional<Owned>(Owned{person, face});
  return std::optional<Owned>();
}

void list(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  run(people, Pace::quick, responder, request.trace,
      [&people, request = request, caller, responder](OpenPeople& open) {
        const auto persons = open.gallery.people();
        if (!persons) return void(responder.send(failure(persons.error(), request.trace)));
        people.library.looks.note(request, caller);
        auto array = ordered_json::array();
        for (const auto& person : *persons)
          for (const auto& face : person.faces) array.push_back(face_json(person, face));
        responder.send(json_answer(200, {{"faces", std::move(array)}}));
      });
}

void show(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  run(people, Pace::quick, responder, request.trace,
      [&people, request = request, caller, responder](OpenPeople& open) {
        const auto found = find_face(open, number_of(request).value_or(0));
        if (!found) return void(responder.send(failure(found.error(), request.trace)));
        if (!*found) return void(responder.send(no_such_face(request.trace)));
        people.library.looks.note(request, caller);
        responder.send(json_answer(200, face_json((*found)->person, (*found)->face)));
      });
}

void forget(People::State& people, OpenPeople& open, const Asker& asker, std::int64_t id,
            const Responder& responder) {
  const auto found = find_face(open, id);
  if (!found) return void(responder.send(failure(found.error(), asker.trace)));
  if (!*found) {
    if (auto status = open.gallery.end_erasure(); !status)
      return void(responder.send(busy(status.error().text().c_str(), asker.trace)));
    return void(responder.send(no_such_face(asker.trace)));
  }
  Status left;
  auto status = make_change(people, asker,
                            {(*found)->person.name, "delete", "face " + std::to_string(id) + " forgotten"},
                            [&] { return done_or_left(open.gallery.forget_face(id), left); });
  if (status) status = std::move(left);
  if (status) return answer_when_known(people, responder, Response{204, {}, {}});
  responder.send(refused_change(status.error(), asker.trace));
}

void forget(People::State& people, const Request& request, const Caller& caller, const Responder& responder) {
  run(people, Pace::quick, responder, request.trace,
      [&people, asker = Asker(request, caller), id = number_of(request).value_or(0),
       responder](OpenPeople& open) { forget(people, open, asker, id, responder); });
}

ordered_json identity_json(const FaceFound& face) {
  ordered_json object{{"result", face.result}};
  if (!face.person.empty()) object["person"] = face.person;
  object["confidence"] = rounded(face.confidence);
  object["distance"] = rounded(face.distance);
  object["quality"] = rounded(face.quality);
  if (!face.refused.empty()) object["refused"] = face.refused;
  object["box"] = ordered_json::array();
  for (const auto part : face.box) object["box"].push_back(rounded(part));
  return object;
}

Response identified(const Result<std::vector<FaceFound>>& faces, const event::TraceContext& trace) {
  if (!faces) {
    const auto& error = faces.error();
    if (may_work_later(error.code())) return busy(error.text().c_str(), trace);
    return unusable(error.text(), {{{"result", photo_result(error.code())}, {"detail", error.text()}}},
                    trace);
  }
  auto array = ordered_json::array();
  for (const auto& face : *faces) array.push_back(identity_json(face));
  return json_answer(200, {{"faces", std::move(array)}});
}

// Each is an act of its own: what is looked up is not the same twice.
Status note_identification(People::State& people, const Asker& asker) {
  return people.library.accounts.audit({.kind = AuditRecord::Kind::data_access,
                                        .user = asker.user,
                                        .ip_address = asker.ip_address,
                                        .user_agent = asker.user_agent,
                                        .success = true,
                                        .resource = asker.path,
                                        .operation = "read"});
}

void identify(People::State& people, const Request& request, const Caller& caller,
              const Responder& responder) {
  auto form = read_photo_form(request, false);
  if (!form.fault.empty()) return void(responder.send(refusal(400, form.fault, request)));
  const auto deadline = people.library.clock.now() + examine_limit;
  run(people, Pace::slow, responder, request.trace,
      [&people, photo = std::move(form.photos.front()), hold = request.hold, asker = Asker(request, caller),
       deadline, responder](OpenPeople&) {
        if (auto status = note_identification(people, asker); !status)
          return void(responder.send(busy(status.error().text().c_str(), asker.trace)));
        people.ports.examine(
            photo, FaceWanted::every, deadline,
            [responder, hold, trace = asker.trace](const Result<std::vector<FaceFound>>& faces) {
              responder.send(identified(faces, trace));
            });
      });
}

}  // namespace

void add_face_routes(Guard& guard, People::State& people) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  const auto user = Access::from(store::Role::user, Scope::view);
  guard.add({.method = Method::post,
             .path = paths::identify,
             .statuses = {200, 400, 413, 415, 422, 503},
             .body_bytes = upload_bytes,
             .answer = identify_deadline,
             .gate = upload_gate(people.uploads, UploadKind::form),
             .payload = http::Payload::form},
            admin, with_people(people, identify));
  guard.add({.method = Method::get, .path = paths::faces, .statuses = {200, 503}}, user,
            with_people(people, list));
  guard.add({.method = Method::get, .path = paths::face, .statuses = {200, 404, 503}}, user,
            with_people(people, show));
  guard.add({.method = Method::del, .path = paths::face, .statuses = {204, 404, 503}}, admin,
            with_people(people, forget));
}

}  // namespace porchlight::api
