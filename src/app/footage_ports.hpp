// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "porchlight/api/footage.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::app {

// What the routes about footage need, on the pipeline's executor for clips. Before Pipeline::start(); the
// references outlive it. `storage`: storage.path, `recordings`: storage.recordings.
api::FootagePorts make_footage_ports(pipeline::Pipeline& pipeline, const std::filesystem::path& storage,
                                     const std::filesystem::path& recordings, const Clock& clock,
                                     telemetry::Metrics& metrics);

}  // namespace porchlight::app
