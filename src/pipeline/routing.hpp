// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/rules.hpp"

namespace porchlight::pipeline {

// Who is told, and by which lane. Immutable; a reload sends a new one.
struct Routing {
  std::vector<notify::Rule> rules;
  std::map<std::string, std::shared_ptr<notify::ChannelLane>> lanes;  // by channel id
  std::map<std::string, std::string> types;  // channel id → type, the metrics' label
};
using RoutingPtr = std::shared_ptr<const Routing>;

}  // namespace porchlight::pipeline
