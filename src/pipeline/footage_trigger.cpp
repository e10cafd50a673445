// SPDX-License-Identifier: Apache-2.0
#include "pipeline/footage_trigger.hpp"

#include <algorithm>

#include "porchlight/base/overloaded.hpp"

namespace porchlight::pipeline {
namespace {

// A motion's end is told in wall time alone; its begin in both.
record::Trigger of_motion(const event::Motion& motion, MonotonicTime now) {
  if (!motion.ended) return {motion.header.id, motion.header.edge, true};
  const auto lasted = std::chrono::duration_cast<MonotonicTime::duration>(*motion.ended - motion.header.at);
  const auto at =
      std::clamp(motion.header.edge + lasted, motion.header.edge, std::max(now, motion.header.edge));
  return {motion.header.id, at, false};
}

}  // namespace

std::optional<record::Trigger> trigger_of(const event::Event& event, MonotonicTime now) {
  using Wanted = std::optional<record::Trigger>;
  return std::visit(
      Overloaded{[](const event::Ring& ring) -> Wanted {
                   return record::Trigger{ring.header.id, ring.header.edge, false};
                 },
                 [](const event::Sighting& sighting) -> Wanted {
                   return record::Trigger{sighting.header.id, sighting.header.edge, false};
                 },
                 [now](const event::Motion& motion) -> Wanted { return of_motion(motion, now); },
                 [](const auto&) -> Wanted { return std::nullopt; }},
      event);
}

}  // namespace porchlight::pipeline
