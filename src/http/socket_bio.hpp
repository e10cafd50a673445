// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/openssl.hpp"

namespace porchlight::http {

// The library's own socket BIO writes without MSG_NOSIGNAL: a peer that left would end the process.
BIO* new_socket_bio(int fd);

}  // namespace porchlight::http
