// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/retention.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace porchlight::record {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

std::uint64_t part_of(std::uint64_t total, double part) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(total) * part);
}

std::uint64_t bytes_of(const Share& share, std::uint64_t total) noexcept {
  return share.bytes > 0 ? share.bytes : part_of(total, share.part);
}

std::uint64_t beyond(std::uint64_t value, std::uint64_t limit) noexcept {
  return value > limit ? value - limit : 0;
}

using Candidate = std::vector<Holding>::const_iterator;

bool is_older_than(const Holding& holding, const std::optional<WallTime>& now, std::chrono::hours keep) {
  return now && holding.end && *holding.end < *now - keep;
}

// The first that stays. What lies before one that is too old is older still, also where it has no time.
Candidate by_age(const std::vector<Holding>& holdings, const std::optional<WallTime>& now,
                 std::chrono::hours keep, RetentionPlan& plan) {
  const auto last = std::find_if(holdings.rbegin(), holdings.rend(),
                                 [&](const Holding& holding) { return is_older_than(holding, now, keep); });
  for (auto next = holdings.begin(); next != last.base(); ++next)
    plan.doomed.push_back({next->id, next->bytes, DeletionReason::age});
  return last.base();
}

std::uint64_t sum_of(const RetentionPlan& plan) {
  std::uint64_t sum = 0;
  for (const auto& doomed : plan.doomed) sum += doomed.bytes;
  return sum;
}

}  // namespace

std::string_view to_string(DeletionReason reason) noexcept {
  switch (reason) {
    case DeletionReason::age:
      return "age";
    case DeletionReason::space:
      return "space";
    case DeletionReason::operator_:
      return "operator";
    case DeletionReason::corrupt:
      return "corrupt";
    case DeletionReason::erasure_request:
      return "erasure_request";
  }
  return "age";
}

std::uint64_t reserve_of(const RecordOptions& options, std::uint64_t total, bool holds_root) noexcept {
  if (options.reserve) return bytes_of(*options.reserve, total);
  const auto wanted = std::max(2 * gibibyte, holds_root ? part_of(total, 0.15) : 0);
  return std::min(wanted, part_of(total, 0.2));
}

bool lies_with_root(const std::filesystem::path& folder) noexcept {
  struct ::stat its {};
  struct ::stat root {};
  return ::stat(folder.c_str(), &its) == 0 && ::stat("/", &root) == 0 && its.st_dev == root.st_dev;
}

std::uint64_t space_of(const RecordOptions& options, std::uint64_t total) noexcept {
  return bytes_of(options.space, total);
}

RetentionPlan plan_retention(const RetentionFacts& facts, const RecordOptions& options) {
  RetentionPlan plan;
  const auto continuous = by_age(facts.continuous, facts.now, options.keep, plan);
  const auto of_events = by_age(facts.of_events, facts.now, options.keep_events, plan);
  // On a small volume what a write asks for would be all of it.
  const auto wanted = std::min(facts.wanted, part_of(facts.total, 0.125));
  const auto need =
      std::max({beyond(facts.kept, space_of(options, facts.total)),
                beyond(std::max(reserve_of(options, facts.total, facts.holds_root), wanted), facts.free)});
  auto gone = sum_of(plan);
  const auto take = [&](Candidate next, Candidate end) {
    for (; next != end && gone < need; ++next) {
      plan.doomed.push_back({next->id, next->bytes, DeletionReason::space});
      gone += next->bytes;
    }
  };
  take(continuous, facts.continuous.end());
  take(of_events, facts.of_events.end());
  plan.short_by = beyond(need, gone);
  return plan;
}

// What fits is what may be kept, less what never goes; the free space that others use up in the meantime is
// not foreseen.
std::optional<Forecast> forecast(const ForecastFacts& facts, const RecordOptions& options) noexcept {
  if (facts.bytes_per_day == 0) return std::nullopt;
  const auto by_share = space_of(options, facts.total);
  const auto by_reserve =
      facts.kept + facts.free -
      std::min(facts.kept + facts.free, reserve_of(options, facts.total, facts.holds_root));
  const auto room = beyond(std::min(by_share, by_reserve), facts.held);
  const auto fits = static_cast<double>(room) / static_cast<double>(facts.bytes_per_day);
  const auto keep = std::chrono::duration<double, std::ratio<86'400>>(options.keep).count();
  if (fits < keep) return Forecast{fits, true};
  return Forecast{keep, false};
}

}  // namespace porchlight::record
