// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/options.hpp"

#include <algorithm>
#include <set>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

Bias bias_of(const std::string& word) {
  if (word == "pull-down") return Bias::pull_down;
  if (word == "disabled") return Bias::disabled;
  if (word == "as-is") return Bias::as_is;
  return Bias::pull_up;
}

void read_line_keys(config::Section& entry, ButtonOptions& button) {
  button.chip = entry.text("chip", button.chip);
  button.line = entry.text("line", "");
  button.active_low = entry.boolean("active_low", button.active_low);
  button.bias = bias_of(entry.choice("bias", "pull-up", {"pull-up", "pull-down", "disabled", "as-is"}));
  button.debounce = entry.duration("debounce", button.debounce, 0ms, 1s);
  button.hold_after = entry.duration("hold_after", button.hold_after, 100ms, 10min);
  button.stuck_after = entry.duration("stuck_after", button.stuck_after, 1s, 24h);
  if (entry.choice("backend", "auto", {"auto", "uapi"}) == "uapi") button.backend = Backend::uapi;
}

void check_line_keys(config::Section& entry, const ButtonOptions& button) {
  if (button.kind == ButtonKind::virtual_button) {
    for (const auto* key :
         {"chip", "line", "active_low", "bias", "debounce", "hold_after", "stuck_after", "backend"}) {
      if (entry.has(key))
        entry.fault(key, "a virtual button has no line, remove this key (or set kind: gpio)");
    }
    return;
  }
  if (button.line.empty()) {
    entry.fault("line", "a gpio button needs its line, as a number or a name (or set kind: virtual)");
  }
  if (button.chip.empty()) entry.fault("chip", "must not be empty, auto finds the chip");
  if (button.hold_after >= button.stuck_after) entry.fault("hold_after", "must be shorter than stuck_after");
}

void check_camera(config::Section& entry, const ButtonOptions& button,
                  const std::vector<std::string>& cameras) {
  if (button.camera.empty() || std::find(cameras.begin(), cameras.end(), button.camera) != cameras.end())
    return;
  auto message = "no camera has the id '" + button.camera + "'";
  if (const auto near = config::suggestion(button.camera, cameras))
    message += " (did you mean '" + *near + "'?)";
  entry.fault("camera", message);
}

ButtonOptions read_button(config::Section& entry, const std::vector<std::string>& cameras) {
  ButtonOptions button;
  button.id = entry.required_id("id");
  button.name = entry.text("name", button.id);
  button.camera = entry.text("camera", "");
  button.enabled = entry.boolean("enabled", button.enabled);
  if (entry.choice("kind", "gpio", {"gpio", "virtual"}) == "virtual")
    button.kind = ButtonKind::virtual_button;
  read_line_keys(entry, button);
  check_line_keys(entry, button);
  check_camera(entry, button, cameras);
  return button;
}

// The same line asked for twice would be refused by the kernel at run time, far from the cause.
std::string line_key(const ButtonOptions& button) {
  if (!button.enabled || button.kind != ButtonKind::gpio || button.line.empty()) return {};
  return button.chip + " " + button.line;
}

}  // namespace

std::vector<ButtonOptions> read_buttons(config::Section& root, const std::vector<std::string>& camera_ids) {
  std::vector<ButtonOptions> buttons;
  std::set<std::string> ids;
  std::set<std::string> lines;
  for (auto& entry : root.list("buttons")) {
    auto button = read_button(entry, camera_ids);
    if (!button.id.empty() && !ids.insert(button.id).second) {
      entry.fault("id", "two buttons have the id '" + button.id + "'");
    }
    const auto line = line_key(button);
    if (!line.empty() && !lines.insert(line).second)
      entry.fault("line", "another button has this line already");
    buttons.push_back(std::move(button));
  }
  return buttons;
}

}  // namespace porchlight::gpio
