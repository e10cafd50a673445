// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "porchlight/record/footage_reader.hpp"

namespace porchlight::record {
namespace {

// The index learns every 10 s how far an open segment has come.
constexpr std::chrono::seconds rows_lag{20};
constexpr std::size_t everything = 10'000'000;

bool is_within(const store::Segment& segment, WallTime from, WallTime to) {
  if (segment.state == store::SegmentState::deleting || !segment.start || *segment.start >= to) return false;
  return segment.state == store::SegmentState::open || (segment.end && *segment.end > from);
}

bool is_within(const store::Gap& gap, WallTime from, WallTime to) {
  return gap.start && *gap.start < to && (!gap.stop || *gap.stop > from);
}

}  // namespace

Result<Footage> footage_of(store::SegmentIndex& index, const std::string& camera_id, WallTime from,
                           WallTime to) {
  if (from >= to) return Error(ErrorCode::invalid_argument, "look for footage: the interval is empty");
  store::FootageFilter filter;
  filter.camera_id = camera_id;
  filter.from = from - rows_lag;
  filter.to = to;
  filter.limit = everything;
  filter.oldest_first = true;
  auto segments = index.segments(filter);
  if (!segments) return std::move(segments).error();
  auto gaps = index.gaps(filter);
  if (!gaps) return std::move(gaps).error();
  Footage footage{std::move(*segments), std::move(*gaps)};
  std::erase_if(footage.segments, [&](const auto& segment) { return !is_within(segment, from, to); });
  std::erase_if(footage.gaps, [&](const auto& gap) { return !is_within(gap, from, to); });
  std::stable_sort(footage.segments.begin(), footage.segments.end(),
                   [](const auto& a, const auto& b) { return *a.start < *b.start; });
  std::stable_sort(footage.gaps.begin(), footage.gaps.end(),
                   [](const auto& a, const auto& b) { return *a.start < *b.start; });
  return footage;
}

}  // namespace porchlight::record
