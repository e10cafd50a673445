// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "porchlight/api/library.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "porchlight/telemetry/health.hpp"

namespace porchlight::app {

// What there is to look at, on the pipeline's executor for it. Before Pipeline::start(); the references
// outlive it, and it outlives the pipeline's threads.
std::unique_ptr<api::Library> make_library(pipeline::Pipeline& pipeline, api::Accounts& accounts,
                                           const std::filesystem::path& folder, const Clock& clock,
                                           telemetry::Metrics& metrics, const telemetry::Health& health,
                                           api::FootagePorts footage);

// Listener's thread.
std::vector<api::CameraCondition> cameras_of(pipeline::Pipeline& pipeline);

}  // namespace porchlight::app
