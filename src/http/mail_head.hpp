// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/http/mail_client.hpp"

namespace porchlight::http {

// The mail's header lines, each without its last line end; long ones are folded. Content-Type and
// MIME-Version are not among them.
std::vector<std::string> head_lines(const Mail& mail);

// One header of free text: encoded words of UTF-8 (RFC 2047) where it is not plain ASCII of one line. Control
// characters become blanks, so that nothing in it begins another header.
std::string text_header(std::string_view name, std::string_view text);

// RFC 5322, 3.3: Tue, 14 Nov 2023 22:13:20 +0000
std::string mail_date(WallTime time);

// With CRLF between lines, as a mail's body has it; other control characters but the tab are dropped, and
// what is no UTF-8 becomes question marks.
std::string body_text(std::string_view text);

}  // namespace porchlight::http
