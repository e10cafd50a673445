// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "porchlight/api/port.hpp"

namespace porchlight::api {

// All that a link is good for: about its own event, and once each but for looking. None of it opens anything.
enum class LinkRight { look, acknowledge, reply };
inline constexpr std::array<std::string_view, 3> link_rights{"look", "acknowledge", "reply"};

// /l/{token}: the page of a message's link, its picture, its forms.
void add_link_routes(Guard& guard, Library::State& library, const Port& port);
// POST events/{id}/acknowledge, for those who log in.
void add_acknowledge_route(Guard& guard, Library::State& library, const Port& port);

// One answer to an event, on record before it is given and after. Library's thread; `done` is called once,
// there or on the store lane's, and must not wait. permission_denied: it cannot be recorded, and nothing was
// done.
struct AnswerAsked {
  store::EventAnswer answer;
  AuditRecord record;  // who asks, from where, about what
};
void give_answer(Library::State& library, const EventAnswerPort& port, AnswerAsked asked,
                 Answer<store::AnswerOutcome> done);

// A reply in one line of 1 to 200 characters without control characters, its outer blanks cut off; nothing
// when it is not one.
std::optional<std::string> reply_text(std::string_view given);

}  // namespace porchlight::api
