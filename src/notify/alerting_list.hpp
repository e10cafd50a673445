// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "porchlight/notify/alerting.hpp"

namespace porchlight::notify {

inline constexpr std::array<std::string_view, 7> alerting_types{"slack",    "email", "pagerduty", "webhook",
                                                                "telegram", "mqtt",  "push"};

// A type that there is, with a value, for the first time; `where` begins the Error's text.
Status check_entry(const AlertingChannel& entry, std::set<std::string>& seen, const std::string& where);

}  // namespace porchlight::notify
