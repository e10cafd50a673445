// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "porchlight/telemetry/log.hpp"  // scrubbed()

namespace porchlight::telemetry {

inline constexpr std::string_view redacted = "[redacted]";

// What the value of a key is.
enum class KeyKind {
  open,
  personal,  // a person's: person, plate
  secret     // password, api_key, Authorization, face_embedding, …
};
KeyKind kind_of_key(std::string_view key);

// A key whose value is not for everybody: not open.
bool is_secret_key(std::string_view key);

}  // namespace porchlight::telemetry
