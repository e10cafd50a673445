// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/curl_run.hpp"
#include "porchlight/http/mail_client.hpp"

namespace porchlight::http {

// multipart/alternative of text and HTML, the latter in a multipart/related with the picture if there is one.
// Null: out of memory.
CurlMime body_of(CURL* easy, const Mail& mail);

// The mail's head as libcurl takes it. Null: out of memory.
CurlList head_of(const Mail& mail);

}  // namespace porchlight::http
