// SPDX-License-Identifier: Apache-2.0
#include "record/export_gaps.hpp"

#include <algorithm>

namespace porchlight::record {

// Also where the film does not reach: what is missing at its ends was asked for, too.
void list_gaps(const ExportOrder& order, const ExportPlan& plan, Exported& made) {
  const auto from = std::min(order.from, made.start);
  for (const auto& gap : plan.gaps)
    if (*gap.start < order.to && (!gap.stop || *gap.stop > from)) made.gaps.push_back(gap);
  std::stable_sort(made.gaps.begin(), made.gaps.end(),
                   [](const auto& a, const auto& b) { return *a.start < *b.start; });
}

}  // namespace porchlight::record
