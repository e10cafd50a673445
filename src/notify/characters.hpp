// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace porchlight::notify {

// A picture's bytes as the http client and OpenSSL take them; borrowed.
inline std::string_view characters_of(const std::vector<std::uint8_t>& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace porchlight::notify
