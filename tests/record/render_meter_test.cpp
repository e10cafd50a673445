// SPDX-License-Identifier: Apache-2.0
// How what is rendered of the footage ended, as numbers.
#include "porchlight/record/render_meter.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "porchlight/base/clock.hpp"

namespace porchlight::record {
namespace {

TEST(RenderMeter, EachEndOfEachModeIsCountedOnceAndByItsName) {
  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  RenderMeter meter(metrics);
  const std::map<Rendering, std::string> modes = {
      {Rendering::clip, "clip"}, {Rendering::export_, "export"}, {Rendering::thumbnail, "thumbnail"}};
  const std::map<std::string, Status> ends = {{"success", Status()},
                                              {"failure", Error(ErrorCode::io, "fault")},
                                              {"cancelled", Error(ErrorCode::cancelled, "given up")}};
  std::map<std::pair<std::string, std::string>, double> wanted;
  for (const auto& [mode, mode_name] : modes) {
    for (const auto& [end_name, end] : ends) {
      EXPECT_EQ(meter.run(mode, clock, [&] { return end; }).ok(), end.ok());
      wanted[{mode_name, end_name}] = 1;
      for (const auto& [other, other_mode] : modes) {
        for (const auto& [other_end, status] : ends) {
          const auto counter =
              metrics.counter("video_generation_total", {{"mode", other_mode}, {"status", other_end}});
          const std::pair key(other_mode, other_end);
          EXPECT_EQ(counter.value(), wanted[key]) << other_mode << ", " << other_end;
        }
      }
    }
  }
}

}  // namespace
}  // namespace porchlight::record
