// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/footage_house.hpp"

namespace porchlight::pipeline {

// A house with one camera, and what its recorder would tell.
struct FootageLaneTest : testing::Test {
  TemporaryFolder folder;
  SetClock clock;
  telemetry::Metrics metrics{sets()};
  FootageHouse house{folder.path(), clock, metrics};
  std::filesystem::path recordings = folder.path() / "recordings";

  static telemetry::ClosedSets sets() {
    telemetry::ClosedSets closed;
    closed.camera_ids = {"front", "back"};
    return closed;
  }
  void tell(record::RecordNote note) { ASSERT_TRUE(house.lane->tell(std::move(note))); }
  record::SegmentBegun begun(const std::string& file, std::int64_t ms) {
    return {"front", file, record::test::at_ms(ms), "h264", "aac", 1920, 1080};
  }
  record::SegmentFinished finished(const std::string& file, std::int64_t ms) {
    return {"front", file, record::test::at_ms(ms), 5000, 100, 77, true};
  }
  double deleted(const std::string& reason) {
    return metrics.counter("recording_segments_deleted_total", {{"reason", reason}}).value();
  }
};

}  // namespace porchlight::pipeline
