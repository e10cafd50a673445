// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

enum class Language : std::uint8_t { english, german };

// What a person reads of a message. Plain text in UTF-8: a channel escapes it as its markup needs.
struct Words {
  std::string title;      // one line, never empty
  std::string text;       // one or more lines
  std::string link;       // where to look and answer; empty when there is no such place
  bool critical = false;  // breaks through silence, where the channel knows such a thing
};

// Written anew for each attempt from the row's payload, so that no stored text keeps a name that was taken
// out of it. By the rule's own `title` and `text` where it has them. Times are local. A payload that
// cannot be read gives words that say so.
Words words_of(const store::OutboxRow& row, Language language, const std::string& link = {});

}  // namespace porchlight::notify
