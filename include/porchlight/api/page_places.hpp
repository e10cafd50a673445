// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

namespace porchlight::api {

// Where the built page may lie, the first that has an index.html counts: $PORCHLIGHT_PAGE alone when it is
// set; else `page` beside the program (build tree), ../share/porchlight/page, /usr/share/porchlight/page.
std::vector<std::filesystem::path> page_places();

// The same of the runbooks: $PORCHLIGHT_RUNBOOKS, `runbooks` in the other places.
std::vector<std::filesystem::path> runbook_places();

}  // namespace porchlight::api
