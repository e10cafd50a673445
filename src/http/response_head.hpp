// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/message.hpp"

namespace porchlight::http {

struct Delivery {
  int version = 11;
  bool keep_alive = false;
  bool strict_transport = false;  // HSTS
  std::string_view request_id;
  std::string_view correlation_id{};  // empty: the client named none
  WallTime date{};
};

// Status line and headers down to the empty line. A header whose name or value could break the
// line (from a handler that quotes a client) is left out.
std::string response_head(const Response& response, const Delivery& delivery);

}  // namespace porchlight::http
