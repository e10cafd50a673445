// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace porchlight::http {

// Whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3: q-values, `*`). Empty: no.
bool accepts_gzip(std::string_view accept_encoding);

// Small for what is packed once and kept; quick for what is packed for one answer: a third of the time, and
// a seventh more bytes of a text.
enum class Packing { small, quick };
std::string gzip(std::string_view bytes, Packing packing = Packing::small);

}  // namespace porchlight::http
