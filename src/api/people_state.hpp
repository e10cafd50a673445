// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/guard.hpp"
#include "api/json_body.hpp"
#include "api/library_state.hpp"
#include "api/query.hpp"
#include "api/uploads.hpp"
#include "porchlight/api/people.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/gallery_store.hpp"

namespace porchlight::api {

// What a job works with. The library's own connection only reads.
struct OpenPeople {
  std::unique_ptr<store::Database> database;
  store::GalleryStore gallery;
};

struct People::State {
  State(Library& shelf, PeoplePorts given) : library(shelf.state()), ports(std::move(given)) {}

  // Library's thread, for one job: who changes the gallery is rare, and a connection that met a fault is not
  // kept.
  Result<OpenPeople> open() const;

  // const after construction
  Library::State& library;
  const PeoplePorts ports;
  const telemetry::Logger log{"doorbell.people", telemetry::Component::api};
  // any thread
  Slots uploads{uploads_at_once};
};

// One job of a route: runs on the library's thread with the gallery open, and answers in the end.
using PeopleJob = std::function<void(OpenPeople&)>;
// 503 with Retry-After when the queue is full or the database is not open.
void run(People::State& people, Pace pace, const http::Responder& responder, const event::TraceContext& trace,
         PeopleJob job);

// Who asks for a change, for the audit log.
struct Asker {
  Asker(const http::Request& request, const Caller& caller);
  std::string user;
  std::string ip_address;
  std::string user_agent;
  std::string path;
  event::TraceContext trace;
};

// A change of what is known of one person.
struct Change {
  std::string person;
  std::string operation;  // add, update, delete
  std::string changes;
  bool is_personal = false;  // `changes` is a name
};
// Records the change, makes it by `act`, and records what became of it: what cannot be recorded is not done.
// The Error's code `permission_denied` says that it was not recorded.
Status make_change(People::State& people, const Asker& asker, const Change& change,
                   const std::function<Status()>& act);

// An erasure that is unavailable is made, and not yet out of the write-ahead log: for the record it is done,
// and `left` is what the caller is told, to come again.
Status done_or_left(Status erasure, Status& left);

// Answers as soon as the recogniser has been told of a change that was made.
void answer_when_known(People::State& people, const http::Responder& responder, http::Response response);
http::Response refused_change(const Error& error, const event::TraceContext& trace);

// 422: none of the photographs can be used; `photos` has for each the result, as a word and in words.
http::Response unusable(const std::string& detail, nlohmann::ordered_json photos,
                        const event::TraceContext& trace);
nlohmann::ordered_json person_json(const store::Person& person);

}  // namespace porchlight::api
