// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_drops.hpp"

#include <gmock/gmock.h>

namespace porchlight::pipeline {
namespace {

using testing::HasSubstr;
using testing::Not;

telemetry::ClosedSets one_camera() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"front"};
  return sets;
}

TEST(RunDrops, CountFromTheBeginningOfTheRun) {
  telemetry::Metrics metrics(one_camera());
  auto lost = metrics.counter("camera_frames_dropped_total", {{"camera_id", "front"}});
  const auto shown = [&] { return metrics.gauge("camera_frames_dropped", {{"camera_id", "front"}}).value(); };
  RunDrops drops(metrics, "front");
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("\ncamera_frames_dropped{"))) << "it has not run yet";
  lost.increment(3);
  drops.begin();
  drops.show(true);
  EXPECT_EQ(shown(), 0) << "what was lost before";
  lost.increment(2);
  drops.show(true);
  EXPECT_EQ(shown(), 2);
  drops.begin();
  drops.show(true);
  EXPECT_EQ(shown(), 0) << "another run";
  drops.show(false);
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("\ncamera_frames_dropped{")));
  EXPECT_EQ(lost.value(), 5) << "nothing is taken away from the counter";
}

}  // namespace
}  // namespace porchlight::pipeline
