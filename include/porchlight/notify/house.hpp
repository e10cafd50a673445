// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::notify {

// What a channel that shows the house to another program must know beside the messages.
struct HouseFacts {
  struct Camera {
    std::string id, name;
    bool connected = false;
    std::optional<bool> moving{};     // nothing: movement is not looked for
    std::optional<bool> recording{};  // a segment is being written; nothing: it is not to be recorded
    bool operator==(const Camera&) const = default;
  };
  struct Button {
    std::string id, name;
    std::string camera;  // empty: none
    bool operator==(const Button&) const = default;
  };
  std::vector<Camera> cameras;
  std::vector<Button> buttons;  // those that can be rung
  bool faces = false;           // visitors are recognised
  // Who is enrolled, by name; nothing while that is not known yet.
  std::optional<std::set<std::string>> people;
  bool operator==(const HouseFacts&) const = default;
};

struct House {
  HouseFacts facts;
  // Any thread; returns at once. Rings a button, with trigger_source mqtt.
  std::function<Status(std::string_view button_id)> ring;
};
using HousePtr = std::shared_ptr<const House>;

}  // namespace porchlight::notify
