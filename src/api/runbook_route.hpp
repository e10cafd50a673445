// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "api/guard.hpp"

namespace porchlight::api {

// GET /runbooks/{name}: what to do about the alert of that name, where its link leads. For everybody, as the
// other files of the page: there is nothing of this house in it, and whoever was woken need not log in first.
// The pieces of HTML (src/tools/runbooks.py) are read here, from the first of `places` that has any, and
// kept. Without any, and for a name that there is not, 404 says so.
void add_runbook_route(Guard& guard, const std::vector<std::filesystem::path>& places);

}  // namespace porchlight::api
