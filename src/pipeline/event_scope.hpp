// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/store_job.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::pipeline {

// What every record says that is made because of this event.
telemetry::LogContext context_of(const event::Event& event);
// The same of a job of the store lane, as far as it says whose it is.
telemetry::LogContext context_of(const StoreJob& job);

}  // namespace porchlight::pipeline
