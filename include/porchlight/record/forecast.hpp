// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/record/retention.hpp"
#include "porchlight/record/volume.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record {

// What forecast() needs to know, out of the index: the present rate over up to three days, as far back as
// nothing of it went for space. Of 24 hours and more whole days only, because bitrates follow the sun.
// Nothing: less than an hour was recorded lately. Errors: those of the index.
Result<std::optional<ForecastFacts>> forecast_facts(store::SegmentIndex& index, const Volume::Space& space,
                                                    bool holds_root, WallTime now);

}  // namespace porchlight::record
