// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record {

// What is protected stands on the volume, too, so that it outlives the index: a line for each file's name,
// written before anybody is told that it is protected. The index is right where it has a row; the list counts
// for files that have none (yet).
inline constexpr const char* protection_file = "porchlight-protected.txt";

// Names beneath the volume's folder; none where there is no list. Errors: io, …, resource (beyond 16 MiB).
Result<std::set<std::string>> read_protection(const std::filesystem::path& folder);
// As the index says, but for `files`, which it is about to learn of, and for those without a row, of which
// the list knows better. Writes nothing where nothing changes. One writer per volume.
Status write_protection(const std::filesystem::path& folder, store::SegmentIndex& index,
                        const std::set<std::string>& files = {});

}  // namespace porchlight::record
