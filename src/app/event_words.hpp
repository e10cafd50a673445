// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::app {

event::Header header_at(WallTime at);

// The event of the short form of `notify dry-run`, such as `ring front`, at that time; a ring is at its
// button's camera. ErrorCode::invalid_argument, also for a button or a camera that does not exist, says what
// would be right.
Result<event::Event> event_of_words(const std::vector<std::string>& words, WallTime at,
                                    const pipeline::Options& house);

// `(did you mean …?)`, or nothing.
std::string among(const std::vector<std::string>& ids, const std::string& found);

}  // namespace porchlight::app
