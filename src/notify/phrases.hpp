// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/notify/words.hpp"

namespace porchlight::notify {

// What the program says to people, in every language it speaks. `{n}` is a number.
struct Phrase {
  std::string_view key;
  std::string_view english;
  std::string_view german;
};
std::span<const Phrase> phrases();

// Empty when there is no such phrase.
std::string say(std::string_view key, Language language);
// The phrase `<key>.one` or `<key>.many`, with the number in it.
std::string say_count(std::string_view key, std::uint64_t number, Language language);
// `3 minutes`: the largest unit that fills, rounded down.
std::string say_span(std::chrono::seconds span, Language language);
// Local: `18:04`, and `26 November 2026` or `26. November 2026`.
std::string say_time(WallTime at);
std::string say_date(WallTime at, Language language);

}  // namespace porchlight::notify
