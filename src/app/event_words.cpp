// SPDX-License-Identifier: Apache-2.0
#include "app/event_words.hpp"

#include <algorithm>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/dry_run.hpp"

namespace porchlight::app {
namespace {

// In the short form an id that does not exist is a slip of the pen. A ring is at its button's camera.
Status complete(event::Event& event, const pipeline::Options& house) {
  std::vector<std::string> cameras, buttons;
  for (const auto& camera : house.cameras) cameras.push_back(camera.id);
  for (const auto& button : house.buttons) buttons.push_back(button.id);
  if (auto* ring = std::get_if<event::Ring>(&event)) {
    const auto button = std::find_if(house.buttons.begin(), house.buttons.end(),
                                     [&](const auto& one) { return one.id == ring->button_id; });
    if (button == house.buttons.end())
      return Error(ErrorCode::invalid_argument,
                   "no button '" + ring->button_id + "'" + among(buttons, ring->button_id));
    ring->camera_id = button->camera;
  }
  const auto camera = event::camera_of(event);
  if (!camera.empty() && std::find(cameras.begin(), cameras.end(), camera) == cameras.end())
    return Error(ErrorCode::invalid_argument, "no camera '" + camera + "'" + among(cameras, camera));
  return {};
}

}  // namespace

event::Header header_at(WallTime at) {
  return {event::EventId::generate(at), at, {}, event::TraceContext::start()};
}

std::string among(const std::vector<std::string>& ids, const std::string& found) {
  const auto near = config::suggestion(found, ids);
  return near ? " (did you mean '" + *near + "'?)" : "";
}

Result<event::Event> event_of_words(const std::vector<std::string>& words, WallTime at,
                                    const pipeline::Options& house) {
  auto event = notify::event_of_words(words, header_at(at));
  if (!event) return event;
  if (auto status = complete(*event, house); !status) return std::move(status).error();
  return event;
}

}  // namespace porchlight::app
