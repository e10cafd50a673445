// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

// `<camera>/<date>/<time>Z.mp4` or `<camera>/unsettled/<boot>-<ms>.mp4`, also .mov.
bool is_segment_name(std::string_view name);

// Whether a folder at the top of a volume is a camera's, so that what is no segment in it may be put aside.
// The volume may hold anything else besides, and that is nobody's business here: it is a camera's when the
// index names it (`known`: its cameras), when a file in it says in its head that it is of that camera, or
// when something was cut short in it under a segment's name. `alive` is called for each file that is looked
// at. Errors: io where no file says so and one that might could not be read, …
Result<bool> is_camera_folder(const std::filesystem::path& volume, const std::string& name,
                              const std::vector<std::string>& known, const std::function<void()>& alive);

}  // namespace porchlight::record
