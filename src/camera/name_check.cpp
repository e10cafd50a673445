// SPDX-License-Identifier: Apache-2.0
#include "name_check.hpp"

#include <netdb.h>

#include "url.hpp"

namespace porchlight::camera {

Status check_name(const StreamAddress& address) {
  if (!is_network(address.kind)) return {};
  const auto host = host_of(address.url);
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(host.c_str(), nullptr, nullptr, &found);
  if (rc != 0) return Error(ErrorCode::invalid_argument, "look up '" + host + "': " + ::gai_strerror(rc));
  ::freeaddrinfo(found);
  return {};
}

}  // namespace porchlight::camera
