// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace porchlight::notify {

// Texts with places to fill in: `{camera}`, `{person|somebody}` (what follows the bar stands in when there is
// nothing to say), `{{` for a brace. What is filled in is not looked at again.
inline constexpr std::array<std::string_view, 8> placeholders{"camera", "count",  "date", "event",
                                                              "link",   "person", "time", "zone"};

struct TemplateFault {
  int line = 1;    // of the text, from 1
  int column = 1;  // in characters, from 1
  std::string message;
};

// The first fault, if there is one.
std::optional<TemplateFault> check_template(std::string_view text);

// A text without fault, filled in. `value` is asked for each placeholder by its name.
std::string render(std::string_view text, const std::function<std::string(std::string_view)>& value);

}  // namespace porchlight::notify
