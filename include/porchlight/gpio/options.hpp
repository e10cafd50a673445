// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "porchlight/config/document.hpp"

namespace porchlight::gpio {

enum class ButtonKind : std::uint8_t { gpio, virtual_button };
enum class Bias : std::uint8_t { as_is, disabled, pull_up, pull_down };
// automatic: libgpiod, the library's version as found when the program was built.
enum class Backend : std::uint8_t { automatic, uapi };

// One entry of `buttons:`; docs/buttons.md has the keys.
struct ButtonOptions {
  std::string id;
  std::string name;    // for people; the id when not given
  std::string camera;  // empty: none
  ButtonKind kind = ButtonKind::gpio;
  std::string chip = "auto";  // auto, gpiochip0, /dev/…, or the chip's label
  std::string line;           // a number or a line name
  bool active_low = true;
  Bias bias = Bias::pull_up;
  std::chrono::milliseconds debounce{30};
  std::chrono::milliseconds hold_after{2'000};
  std::chrono::milliseconds stuck_after{60'000};
  Backend backend = Backend::automatic;
  bool enabled = true;

  bool operator==(const ButtonOptions&) const = default;
};

// Reads `buttons:` of the document's root. Every fault goes to the document's faults; what comes back
// is only fit for use when there was none. `camera_ids` are the cameras a button may name.
std::vector<ButtonOptions> read_buttons(config::Section& root, const std::vector<std::string>& camera_ids);

}  // namespace porchlight::gpio
