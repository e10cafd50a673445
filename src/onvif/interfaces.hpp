// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <string>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::onvif {

struct Interface {
  std::string name;
  in_addr address{};
};

// The interfaces that are up, have an IPv4 address and can multicast, each once; with a `name` that one, also
// loopback, whose flags do not say that it can. Errors: not_found, and what the system refuses.
Result<std::vector<Interface>> interfaces(const std::string& name);

}  // namespace porchlight::onvif
