// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/people.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/people_state.hpp"

namespace porchlight::api {

People::People(Library& library, PeoplePorts ports)
    : state_(std::make_unique<State>(library, std::move(ports))) {}
People::~People() = default;

Result<OpenPeople> People::State::open() const {
  if (library.ports.ready && !library.ports.ready())
    return Error(ErrorCode::unavailable, "the database is not open yet");
  auto database = store::Database::open(library.folder / "porchlight.db", {}, &library.metrics);
  if (!database) {
    log.error("the gallery cannot be opened", {{"fault", database.error().text()}});
    return std::move(database).error();
  }
  store::GalleryStore gallery(**database);
  return OpenPeople{std::move(*database), gallery};
}

void run(People::State& people, Pace pace, const http::Responder& responder, const event::TraceContext& trace,
         PeopleJob job) {
  const auto& submit = pace == Pace::slow ? people.library.ports.slow : people.library.ports.quick;
  const bool taken = submit([&people, responder, trace, job = std::move(job)] {
    auto open = people.open();
    if (open)
      job(*open);
    else
      responder.send(busy("the database cannot be read; the journal says why", trace));
  });
  if (!taken) responder.send(busy("too many are asking at this moment", trace));
}

Asker::Asker(const http::Request& request, const Caller& caller)
    : user(caller.name),
      ip_address(request.peer.address),
      user_agent(request.header("user-agent")),
      path(request.path),
      trace(request.trace) {}

Status make_change(People::State& people, const Asker& asker, const Change& change,
                   const std::function<Status()>& act) {
  AuditRecord record{.kind = AuditRecord::Kind::data_modification,
                     .user = asker.user,
                     .ip_address = asker.ip_address,
                     .user_agent = asker.user_agent,
                     .resource = asker.path,
                     .person = change.person,
                     .operation = change.operation,
                     .changes = change.changes,
                     .changes_are_personal = change.is_personal};
  if (auto status = people.library.accounts.audit(record); !status) {
    people.log.error("a change was refused because it cannot be recorded",
                     {{"fault", status.error().text()}});
    return Error(ErrorCode::permission_denied, "the audit trail cannot be written, so nothing was changed");
  }
  auto outcome = act();
  record.done = outcome.ok();
  if (auto status = people.library.accounts.audit(record); !status)
    people.log.error("the outcome of a change could not be recorded", {{"fault", status.error().text()}});
  return outcome;
}

Status done_or_left(Status erasure, Status& left) {
  if (erasure || erasure.error().code() != ErrorCode::unavailable) return erasure;
  left = std::move(erasure);
  return {};
}

void answer_when_known(People::State& people, const http::Responder& responder, http::Response response) {
  // The change is made, whatever the recogniser says; it looks by itself, too.
  people.ports.faces_changed(
      [responder, response = std::move(response)](const Result<std::size_t>&) { responder.send(response); });
}

http::Response refused_change(const Error& error, const event::TraceContext& trace) {
  if (error.code() == ErrorCode::permission_denied) return busy(error.text().c_str(), trace);
  return failure(error, trace);
}

http::Response unusable(const std::string& detail, nlohmann::ordered_json photos,
                        const event::TraceContext& trace) {
  auto response = http::problem_response(
      {.status = 422, .detail = detail, .type = "urn:porchlight:problem:unusable-photo"}, trace);
  auto body = nlohmann::ordered_json::parse(response.body);
  body["photos"] = std::move(photos);
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

nlohmann::ordered_json person_json(const store::Person& person) {
  return {{"id", person.id},
          {"name", person.name},
          {"listed_as", to_string(person.listed_as)},
          {"faces", person.faces.size()}};
}

}  // namespace porchlight::api
