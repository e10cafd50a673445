// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace porchlight::telemetry {

// What is wrong with a line by docs/log-record.schema.json (of JSON Schema the words that file uses)
// and by the rules a schema cannot say: one line, valid UTF-8, at most 16 KiB. Empty: nothing.
std::vector<std::string> record_faults(const std::string& line);

}  // namespace porchlight::telemetry
