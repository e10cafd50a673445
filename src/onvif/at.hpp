// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "onvif/address.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::onvif {

// What a user's words name.
struct At {
  std::string host;                    // as getaddrinfo() takes it
  std::optional<std::uint16_t> probe;  // the port of a probe
  std::optional<Address> service;      // of the device service
};

// Errors: invalid_argument, with what would be right.
Result<At> read_at(const std::string& at);

}  // namespace porchlight::onvif
