// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/forecast.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

constexpr auto looked_back = 72h;
constexpr auto least_recorded = 1h;  // less says nothing about a day
constexpr WallTime::duration day = 24h;

// Continuous footage goes first for space, so from the oldest that is left on everything is still there;
// before it there are remains of events only, which would make the rate too small.
Result<std::optional<WallTime>> complete_since(store::SegmentIndex& index, WallTime from) {
  auto continuous = index.continuous_since(from);
  if (!continuous || *continuous) return continuous;
  const auto any = index.recorded_since(from);
  if (!any) return any.error();
  return any->since;
}

}  // namespace

Result<std::optional<ForecastFacts>> forecast_facts(store::SegmentIndex& index, const Volume::Space& space,
                                                    bool holds_root, WallTime now) {
  const auto since = complete_since(index, now - looked_back);
  if (!since) return since.error();
  if (!*since || now - **since < least_recorded) return std::optional<ForecastFacts>();
  const auto days = (now - **since) / day;
  const auto begin = days > 0 ? now - days * day : **since;
  const auto recorded = index.recorded_since(begin);
  const auto kept = index.bytes();
  const auto held = index.protected_bytes();
  if (!recorded || !kept || !held)
    return Error(!recorded ? recorded.error() : !kept ? kept.error() : held.error());
  const auto length = std::chrono::duration<double, std::ratio<86'400>>(now - begin).count();
  ForecastFacts facts;
  facts.bytes_per_day = static_cast<std::uint64_t>(static_cast<double>(recorded->bytes) / length);
  facts.kept = *kept;
  facts.held = *held;
  facts.total = space.total;
  facts.free = space.free;
  facts.holds_root = holds_root;
  return std::optional(facts);
}

}  // namespace porchlight::record
