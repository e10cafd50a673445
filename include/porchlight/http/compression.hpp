// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::http {

// Whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3: q-values, `*`). Empty: no.
bool accepts_gzip(std::string_view accept_encoding);
std::string gzip(std::string_view bytes);

}  // namespace porchlight::http
