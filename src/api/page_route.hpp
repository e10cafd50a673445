// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "api/guard.hpp"

namespace porchlight::api {

// GET / and /assets/{file}: the page for people, for everybody, since who logs in has no session yet. Its
// files are read here, from the first of `places` that has an index.html, and kept until the daemon ends.
// Without any, both routes say so, and where they were looked for.
void add_page_routes(Guard& guard, const std::vector<std::filesystem::path>& places);

}  // namespace porchlight::api
