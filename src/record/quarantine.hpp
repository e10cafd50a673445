// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/record/volume.hpp"

namespace porchlight::record {

// Moves a file, named beneath the volume's folder, to where nobody takes it for footage; its new name.
Result<std::string> put_into_quarantine(const Volume& volume, const std::string& file);

}  // namespace porchlight::record
