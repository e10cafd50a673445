// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/record/footage_reader.hpp"
#include "record/export_plan.hpp"

namespace porchlight::record {

// Of the plan's gaps, those of the time that was asked for and of what was got before it, in their order,
// and what is explained by none of them.
void list_gaps(const ExportOrder& order, const ExportPlan& plan, Exported& made);

}  // namespace porchlight::record
