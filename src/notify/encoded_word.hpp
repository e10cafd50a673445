// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::notify {

std::string base64_of(std::string_view bytes);

// A text as the value of a header line: as it stands when it is printable ASCII, else in encoded words
// of UTF-8 (RFC 2047), each of at most 75 characters.
std::string encoded_words(std::string_view text);

}  // namespace porchlight::notify
