// SPDX-License-Identifier: Apache-2.0
// The outputs' place in the house: who runs them, and what they are told.
#include <algorithm>
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

bool is_wrong(gpio::ButtonState state) {
  return state == gpio::ButtonState::degraded || state == gpio::ButtonState::stuck;
}

}  // namespace

Status Pipeline::State::make_outputs() {
  auto lane = gpio::OutputLane::create(clock, metrics.histogram("doorbell_chime_latency_seconds"));
  if (!lane) return std::move(lane).error();
  outputs = std::move(*lane);
  configure_outputs(options.outputs, options.buttons);
  return {};
}

void Pipeline::State::configure_outputs(const std::vector<gpio::OutputOptions>& wanted,
                                        const std::vector<gpio::ButtonOptions>& near) {
  outputs->configure(
      wanted,
      [this](const gpio::OutputOptions& output) { return gpio::resolve_instruments(metrics, output); }, near);
}

void Pipeline::State::start_outputs() {
  if (options.outputs.empty()) return;
  supervisor.start({"output", "output", Stage::events, 5s,
                    [lane = outputs.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::ring});
}

// The lane stays, and with it every output that did not change; its thread is there while there are any.
Status Pipeline::State::reload_outputs(const std::vector<gpio::OutputOptions>& wanted,
                                       const std::vector<gpio::ButtonOptions>& near) {
  const bool ran = !options.outputs.empty();
  configure_outputs(wanted, near);
  options.outputs = wanted;
  if (ran && wanted.empty()) return retire("output");
  if (!ran) start_outputs();
  return {};
}

// Looked at once a second instead of told by events: what is wrong now counts, not what was said of it.
void Pipeline::State::show_faults() {
  if (options.outputs.empty()) return;
  const auto statuses = buttons->status();
  const bool wrong = store->opened() == StoreLane::Opened::no ||
                     std::any_of(statuses.begin(), statuses.end(),
                                 [](const auto& button) { return is_wrong(button.state); }) ||
                     std::any_of(cameras.begin(), cameras.end(),
                                 [](const auto& entry) { return entry.second->ingest().is_lost(); });
  outputs->set_error(wrong);
}

std::vector<gpio::OutputStatus> Pipeline::outputs() {
  return state_->current_view().outputs();
}

void Pipeline::pulse(std::string_view output_id, MonotonicTime not_after, std::function<void(Status)> done) {
  state_->outputs->pulse(output_id, not_after, std::move(done));
}

}  // namespace porchlight::pipeline
