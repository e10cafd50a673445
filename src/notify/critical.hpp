// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace porchlight::notify {

// Whether a message is critical when its rule does not say: about a blacklisted person, a security event, or
// a firing alert of severity `critical`. By its payload.
bool is_critical_by_itself(const nlohmann::json& payload);

}  // namespace porchlight::notify
