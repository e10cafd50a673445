// SPDX-License-Identifier: Apache-2.0
// What stands on buttons: a message's own text comes from Words.
#pragma once

#include <string>

#include "porchlight/config/document.hpp"

namespace porchlight::notify {

struct LinkWords {
  std::string look = "Look";
  std::string acknowledge = "On my way";
};

// In the channel's `language`.
inline LinkWords read_link_words(config::Section& section) {
  if (section.choice("language", "en", {"en", "de"}) != "de") return {};
  return {"Ansehen", "Ich gehe hin"};
}

}  // namespace porchlight::notify
