// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porchlight {

// What a stranger wrote, fit for one line: whole UTF-8 of at most `most` bytes, cut before the character that
// does not fit. A byte that belongs to none becomes '?'; a control character (C0, DEL, C1) or a separator of
// lines (U+2028, U+2029) becomes a blank. Never longer than `text`.
std::string one_line(std::string_view text, std::size_t most);

}  // namespace porchlight
