// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// Answers' messages come behind everything else about their event, in the order of the answers.
inline constexpr std::uint32_t first_answer = 1000;

// As people are named in messages and on pages: a channel's id, or an account's name.
std::string name_of_answerer(const std::string& who);

// The outbox rows of an answer that is the event's `number`th: what was said goes to every channel that was
// told but the one it came from (type `reply`); that somebody sees to it goes to those whose `types` is
// pagerduty (type `acknowledged`), because only they keep an alarm open until they hear so.
std::vector<store::OutboxRow> answer_messages(const store::LoggedEvent& event,
                                              const store::EventAnswer& answer,
                                              const store::AnswerOutcome& outcome,
                                              const std::vector<std::string>& told,
                                              const std::map<std::string, std::string>& types,
                                              std::uint32_t number, WallTime now);

}  // namespace porchlight::notify
