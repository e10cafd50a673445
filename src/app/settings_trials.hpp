// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "app/settings.hpp"
#include "porchlight/api/settings.hpp"
#include "porchlight/pipeline/executor.hpp"
#include "porchlight/store/audit_event.hpp"

namespace porchlight::app {

// The settings page's trials: a camera that is perhaps not configured yet, a channel, the rules. What they
// need of the running settings is taken on the main thread; a camera and a channel are then waited for on the
// executor's, one at a time. A message that goes out is on record before and after.
struct TrialHouse {
  std::function<bool(std::function<void()>)> on_main;  // false: too many wait
  std::function<const Settings&()> running;            // main thread
  std::function<Status(store::AuditEntry)> record;     // main thread
  pipeline::Executor& executor;
};
void add_trials(api::SettingsPorts& ports, TrialHouse house);

}  // namespace porchlight::app
