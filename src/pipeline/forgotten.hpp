// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "porchlight/store/outbox.hpp"

namespace porchlight::pipeline {

// The messages no longer say this name.
void leave_out_person(std::vector<store::OutboxRow>& rows, const std::string& person);
// Nor a name that is not among `known`.
void leave_out_strangers(std::vector<store::OutboxRow>& rows, const std::set<std::string>& known);

}  // namespace porchlight::pipeline
