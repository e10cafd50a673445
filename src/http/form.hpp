// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

// multipart/form-data (RFC 7578). Knows nothing of sockets.

// The boundary of a Content-Type; nothing when it is another type or the boundary is malformed.
std::optional<std::string> form_boundary(std::string_view content_type);

struct Form {
  std::vector<FormPart> parts;
  std::string_view fault;  // empty: well-formed
};
// `body` is borrowed by the parts. At most `most` of them; a name may have 64 bytes, a file name 255,
// the header lines of a part 1 KiB.
Form parse_form(std::string_view body, std::string_view boundary, std::size_t most);

}  // namespace porchlight::http
