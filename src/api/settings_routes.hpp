// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/looks.hpp"
#include "porchlight/api/settings.hpp"

namespace porchlight::api {

// The settings page: what it may change stands in its own file of config.d. For administrators; what changes
// or tries something, for sessions alone.
void add_settings_routes(Guard& guard, Looks& looks, SettingsPorts ports);

}  // namespace porchlight::api
