// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "porchlight/event/event.hpp"
#include "porchlight/record/recorder.hpp"

namespace porchlight::pipeline {

// What an event asks of its camera's recorder: rings, sightings and motion (from its begin to its end) do;
// nothing for all others.
std::optional<record::Trigger> trigger_of(const event::Event& event, MonotonicTime now);

}  // namespace porchlight::pipeline
