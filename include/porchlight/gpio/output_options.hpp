// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/gpio/options.hpp"

namespace porchlight::gpio {

// What switches an output on: a ring, a state of the house (docs/hardware.md has the table), a person who
// opens the door, or nothing but a trial.
enum class OutputCause : std::uint8_t {
  ring,
  idle,
  processing,
  known,
  unknown,
  alert,
  error,
  off,
  door,
};
std::string_view to_string(OutputCause cause) noexcept;

// Who may open a door.
enum class DoorRole : std::uint8_t { admin, user };

// One entry of `outputs:`; docs/hardware.md has the keys.
struct OutputOptions {
  std::string id;
  std::string name;           // for people; the id when not given
  std::string chip = "auto";  // as a button's
  std::string line;           // a number or a line name
  bool active_low = false;
  OutputCause cause = OutputCause::ring;
  std::optional<std::chrono::milliseconds> pulse;  // nothing: on for as long as the state lasts
  DoorRole role = DoorRole::admin;                 // of a door
  std::vector<std::string> quiet;                  // as written
  std::function<bool(WallTime)> is_quiet{};        // what they mean; empty: never
  Backend backend = Backend::automatic;
  bool enabled = true;

  bool is_door() const noexcept { return cause == OutputCause::door; }
  // `is_quiet` follows from `quiet`.
  bool operator==(const OutputOptions& other) const;
};

// What hours such as `22:00-07:00` mean, or what is wrong with them.
using HoursReader = std::function<Result<std::function<bool(WallTime)>>(const std::vector<std::string>&)>;

// Reads `outputs:` of the document's root. Every fault goes to the document's faults; what comes back is
// only fit for use when there was none. A line that one of `buttons` has is a fault.
std::vector<OutputOptions> read_outputs(config::Section& root, const std::vector<ButtonOptions>& buttons,
                                        const HoursReader& hours);

}  // namespace porchlight::gpio
