// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "app/settings.hpp"
#include "porchlight/api/settings.hpp"
#include "porchlight/pipeline/executor.hpp"

namespace porchlight::app {

// The settings page's trials: a camera that is perhaps not configured yet, a channel, the rules. What they
// need of the running settings is taken on the main thread; a camera and a channel are then waited for on the
// executor's, one at a time.
void add_trials(api::SettingsPorts& ports, std::function<bool(std::function<void()>)> on_main,
                std::function<const Settings&()> running, pipeline::Executor& executor);

}  // namespace porchlight::app
