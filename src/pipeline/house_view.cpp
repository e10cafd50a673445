// SPDX-License-Identifier: Apache-2.0
// What a channel that shows the house to other programs is told of it.
#include <set>
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

std::set<std::string> names_of(const std::vector<store::Person>& people) {
  std::set<std::string> names;
  for (const auto& person : people) names.insert(person.name);
  return names;
}

std::vector<notify::HouseFacts::Button> buttons_of(const std::vector<gpio::ButtonOptions>& options) {
  std::vector<notify::HouseFacts::Button> buttons;
  for (const auto& button : options)
    if (button.enabled) buttons.push_back({button.id, button.name, button.camera});
  return buttons;
}

}  // namespace

void Pipeline::State::tell_house() {
  if (auto fresh = new_people.take()) people = std::move(*fresh);
  auto house = std::make_shared<notify::House>();
  for (const auto& [id, unit] : cameras) {
    auto& ingest = unit->ingest();
    notify::HouseFacts::Camera camera{id, ingest.options().name,
                                      ingest.state() == camera::ConnectionState::connected};
    if (ingest.options().motion) camera.moving = unit->view()->moving.load(std::memory_order_relaxed);
    if (const auto* recorder = unit->recorder(); recorder != nullptr) camera.recording = recorder->active();
    house->facts.cameras.push_back(std::move(camera));
  }
  house->facts.buttons = buttons_of(options.buttons);
  house->facts.faces = options.faces.enabled;
  if (people) house->facts.people = names_of(*people);
  if (told && told->facts == house->facts && told_to == routing && told_buttons == buttons) return;
  house->ring = [lane = buttons](std::string_view button) -> Status {
    auto id = lane->press(button, event::TriggerSource::mqtt);
    return id ? Status() : Status(std::move(id).error());
  };
  told = house;
  told_to = routing;
  told_buttons = buttons;
  for (const auto& [id, lane] : routing->lanes)
    if (routing->types.at(id) == notify::mqtt_type) lane->tell(told);
}

}  // namespace porchlight::pipeline
