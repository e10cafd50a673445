// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "porchlight/telemetry/log.hpp"

namespace porchlight::telemetry {

// The newest records of level `least` (what is below warning is not kept) of this process, newest first, at
// most `most`: each one line of JSON as the log has it, scrubbed, and without the code that makes the first
// account. At most 256 records of 256 KiB together are kept; what was dropped before it was written is not
// among them. Any thread.
std::vector<std::string> recent_log_records(Level least, std::size_t most);

}  // namespace porchlight::telemetry
