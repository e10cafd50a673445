// SPDX-License-Identifier: Apache-2.0
// What the deep health checks look at.
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

// It has nothing more to show, and nothing is wrong with it.
bool has_ended(const camera::Ingest& ingest) {
  const auto& options = ingest.options();
  return options.kind == camera::SourceKind::file && !options.loop && !ingest.is_lost();
}

}  // namespace

const HealthView& Pipeline::State::current_health_view() {
  if (auto fresh = new_health_view.take()) health_view = std::move(*fresh);
  return *health_view;
}

void Pipeline::State::publish_health_view() {
  auto fresh = std::make_shared<HealthView>();
  for (const auto& [id, unit] : cameras) fresh->cameras.push_back(unit);
  fresh->channels = options.notifications.channels;
  fresh->records = !footage_plan_of(options)->cameras.empty();
  new_health_view.post(std::move(fresh));
}

Executor& Pipeline::health() {
  return *state_->health_checks;
}

std::vector<WatchedCamera> Pipeline::watched_cameras() {
  std::vector<WatchedCamera> list;
  for (const auto& weak : state_->current_health_view().cameras) {
    const auto unit = weak.lock();
    if (!unit || !unit->ingest().options().enabled) continue;
    const auto& ingest = unit->ingest();
    const auto state = ingest.state();
    list.push_back({unit->id(), std::string(to_string(state)),
                    state == camera::ConnectionState::connected || has_ended(ingest)});
  }
  return list;
}

std::vector<notify::ChannelOptions> Pipeline::channels() {
  return state_->current_health_view().channels;
}

Result<std::shared_ptr<const record::Volume>> Pipeline::recordings() {
  if (!state_->current_health_view().records) return std::shared_ptr<const record::Volume>();
  return state_->footage->volume();
}

bool Pipeline::looks_for_faces() const noexcept {
  return state_->vision->enabled();
}

void Pipeline::validate_models(std::function<void(Result<Validated>)> answer) {
  auto refused = answer;
  if (auto status = state_->vision->validate({std::move(answer)}); !status)
    refused(std::move(status).error());
}

}  // namespace porchlight::pipeline
