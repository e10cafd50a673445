// SPDX-License-Identifier: Apache-2.0
// Texts cut to what a service takes, at a whole character and with "…" at the end of what was cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "porchlight/base/utf8.hpp"

namespace porchlight::notify {

// At most `most` bytes of UTF-8.
std::string clipped_bytes(std::string_view text, std::size_t most);
// At most `most` UTF-16 code units, which is how most services count characters.
std::string clipped_units(std::string_view text, std::size_t most);
// What a stranger wrote, fit for one line of a log (see base/one_line.hpp), without blanks around it, at most
// `most` bytes.
std::string one_line_of(std::string_view text, std::size_t most);
// How many UTF-16 code units the UTF-8 text has.
std::size_t units_of(std::string_view text) noexcept;

}  // namespace porchlight::notify
