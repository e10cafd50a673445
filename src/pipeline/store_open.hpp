// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pipeline/store_lane.hpp"
#include "porchlight/store/event_log.hpp"
#include "porchlight/store/outbox.hpp"
#include "porchlight/store/snapshot_folder.hpp"

namespace porchlight::pipeline {

// What the store lane has while the database is open.
struct StoreLane::Open {
  std::unique_ptr<store::Database> database;
  store::SnapshotFolder snapshots;
  store::EventLog log{*database};
  store::Outbox outbox{*database};
  store::GalleryStore gallery{*database};
};

}  // namespace porchlight::pipeline
