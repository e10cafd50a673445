// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porchlight::notify {

inline constexpr std::size_t longest_failure = 500;

// A failure as the outbox keeps it and people read it: one line of whole UTF-8, at most longest_failure
// bytes, without control characters and without what looks like a credential.
std::string failure_words(std::string_view text);

}  // namespace porchlight::notify
