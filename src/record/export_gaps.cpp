// SPDX-License-Identifier: Apache-2.0
#include "record/export_gaps.hpp"

#include <algorithm>

namespace porchlight::record {
namespace {

// What gaps, in their order, leave of the time between two parts.
void find_unexplained(const ExportPart& last, const ExportPart& next, Exported& made) {
  const WallTime::duration tolerance = std::max(last.tolerance, next.tolerance);
  auto known = last.end;
  const auto go_on = [&](WallTime from) {
    if (from - known > tolerance) made.unexplained.push_back({known, from});
  };
  for (const auto& gap : made.gaps) {
    if (*gap.start >= *next.segment.start) break;
    if (gap.stop && *gap.stop <= known) continue;
    go_on(*gap.start);
    known = gap.stop ? *gap.stop : *next.segment.start;
  }
  go_on(*next.segment.start);
}

}  // namespace

// Also where the film does not reach: what is missing at its ends was asked for, too.
void list_gaps(const ExportOrder& order, const ExportPlan& plan, Exported& made) {
  const auto from = std::min(order.from, made.start);
  for (const auto& gap : plan.gaps)
    if (*gap.start < order.to && (!gap.stop || *gap.stop > from)) made.gaps.push_back(gap);
  std::stable_sort(made.gaps.begin(), made.gaps.end(),
                   [](const auto& a, const auto& b) { return *a.start < *b.start; });
  for (std::size_t i = 1; i < plan.parts.size(); ++i)
    find_unexplained(plan.parts[i - 1], plan.parts[i], made);
}

}  // namespace porchlight::record
