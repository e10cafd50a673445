// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::http {

// Opens a regular file below `root`, following no link and no `..` on any part of the way.
Result<UniqueFd> open_below(const std::filesystem::path& root, std::string_view name);

// IMF-fixdate only (RFC 9110 §5.6.7); the obsolete forms are as if they were not there.
std::optional<WallTime> parse_http_date(std::string_view text);

// Whether a list of entity tags names this one, weakly; `*` names every one.
bool names_tag(std::string_view list, std::string_view tag);

}  // namespace porchlight::http
