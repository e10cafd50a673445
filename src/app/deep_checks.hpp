// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "porchlight/api/accounts.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/observe/deep_health.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::app {

// What the deep checks look at. Outlives them.
struct DeepHouse {
  pipeline::Pipeline& pipeline;
  api::Accounts& accounts;
  const telemetry::Health& health;
  std::filesystem::path folder;  // storage.path
  const Clock& clock;
  telemetry::Metrics& metrics;
};

// The checks with the house's own parts behind them. Before Pipeline::start(): they run on its thread for
// them.
std::shared_ptr<observe::DeepHealth> make_deep_health(const DeepHouse& house);

// What GET /health/deep asks. Any thread; does not wait.
void ask_deep_health(pipeline::Executor& executor, const std::shared_ptr<observe::DeepHealth>& deep,
                     api::Answer<api::DeepHealthReport> answer);

// One of them: verifies the audit log, a part of it at a time where it is long, over and over. `folder`:
// storage.path.
observe::Probe audit_probe(const std::filesystem::path& folder, const Clock& clock,
                           telemetry::Metrics& metrics);

}  // namespace porchlight::app
