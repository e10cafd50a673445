// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "record/check.hpp"

namespace porchlight::record {
namespace {

using std::chrono::milliseconds;
using store::BootMoment;

constexpr std::size_t everything = 10'000'000;
// One picture, and for few pictures a second not less than this.
constexpr milliseconds least_tolerance{100};

// A stretch of a camera's time, and what explains it.
struct Stretch {
  BootMoment begin;
  BootMoment end;
  std::optional<WallTime> start;
  std::optional<WallTime> stop;
  milliseconds tolerance = least_tolerance;
  std::string file;  // empty: a gap
};

Stretch stretch_of(const store::Segment& segment) {
  Stretch stretch{segment.begin,   {segment.begin.boot, segment.end_at},
                  segment.start,   segment.end,
                  least_tolerance, segment.file};
  if (segment.frames > 0)
    stretch.tolerance = std::max(
        least_tolerance, (segment.end_at - segment.begin.at) / static_cast<std::int64_t>(segment.frames));
  return stretch;
}

// From `a` to `b` by the clock that both share; negative when they overlap. Of two boots it may be unknown.
std::optional<milliseconds> between(const Stretch& a, const Stretch& b) {
  if (a.end.boot == b.begin.boot) return b.begin.at - a.end.at;
  if (a.end.boot > b.begin.boot) return std::nullopt;
  if (!a.stop || !b.start) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(*b.start - *a.stop);
}

std::string text_of(const BootMoment& at, const std::optional<WallTime>& wall) {
  return wall ? rfc3339(*wall) : std::to_string(at.at.count()) + " ms of boot " + std::to_string(at.boot);
}

class CameraTimes {
 public:
  CameraTimes(std::string camera, bool continuous, std::vector<FootageFault>& faults)
      : camera_(std::move(camera)), continuous_(continuous), faults_(faults) {}

  void add(const Stretch& next) {
    if (last_) compare(*last_, next);
    if (!last_ || last_->end < next.end) last_ = next;
  }

 private:
  void compare(const Stretch& last, const Stretch& next) {
    const auto free = between(last, next);
    const auto tolerance = std::max(last.tolerance, next.tolerance);
    const bool back = free ? *free < -tolerance : last.end.boot > next.begin.boot;
    if (back) return report_overlap(last, next);
    // A boot without a believed clock: how long it was off is not known, but that nothing explains it is.
    if (continuous_ && (free ? *free > tolerance : true))
      report("unexplained_time", next.file,
             "from " + text_of(last.end, last.stop) + " to " + text_of(next.begin, next.start));
  }
  void report_overlap(const Stretch& last, const Stretch& next) {
    const bool both = !last.file.empty() && !next.file.empty();
    report(both ? "overlap" : "gap_over_footage", next.file.empty() ? last.file : next.file,
           "it begins " + text_of(next.begin, next.start) + ", what is before it ends " +
               text_of(last.end, last.stop));
  }
  void report(const char* name, const std::string& file, std::string detail) {
    faults_.push_back({name, camera_, file, std::move(detail), false, false});
  }

  const std::string camera_;
  const bool continuous_;
  std::vector<FootageFault>& faults_;
  std::optional<Stretch> last_;
};

// A gap that goes on ends where the next footage begins, or nowhere.
std::optional<Stretch> stretch_of(const store::Gap& gap) {
  if (!gap.end) return std::nullopt;
  return Stretch{gap.begin, *gap.end, gap.start, gap.stop, least_tolerance, ""};
}

Result<std::vector<Stretch>> stretches_of(store::SegmentIndex& index, const std::string& camera) {
  store::FootageFilter filter;
  filter.camera_id = camera;
  filter.limit = everything;
  filter.oldest_first = true;
  auto segments = index.segments(filter);
  if (!segments) return std::move(segments).error();
  auto gaps = index.gaps(filter);
  if (!gaps) return std::move(gaps).error();
  std::vector<Stretch> all;
  for (const auto& segment : *segments)
    if (segment.state != store::SegmentState::deleting) all.push_back(stretch_of(segment));
  for (const auto& gap : *gaps)
    if (const auto stretch = stretch_of(gap)) all.push_back(*stretch);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  return all;
}

}  // namespace

Status check_times(store::SegmentIndex& index, const CheckOrder& order, std::vector<FootageFault>& faults) {
  auto cameras = index.cameras();
  if (!cameras) return std::move(cameras).error();
  for (const auto& camera : *cameras) {
    auto stretches = stretches_of(index, camera);
    if (!stretches) return std::move(stretches).error();
    const bool continuous = !order.continuous || std::find(order.continuous->begin(), order.continuous->end(),
                                                           camera) != order.continuous->end();
    CameraTimes times(camera, continuous, faults);
    for (const auto& stretch : *stretches) times.add(stretch);
  }
  return {};
}

}  // namespace porchlight::record
