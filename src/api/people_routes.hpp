// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "api/people_state.hpp"

namespace porchlight::api {

// What a route does with the people; overloads are told apart by this type.
using PeopleAction = void (*)(People::State&, const http::Request&, const Caller&, const http::Responder&);
CallerHandler with_people(People::State& people, PeopleAction action);

void add_people_routes(Guard& guard, People::State& people);   // who is known: list, enrol, change, forget
void add_face_routes(Guard& guard, People::State& people);     // their photographs; who is this?
void add_audit_routes(Guard& guard, Library::State& library);  // the audit log: read, verify

}  // namespace porchlight::api
