// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/rule_engine.hpp"

namespace porchlight::pipeline {

using Lanes = std::map<std::string, std::shared_ptr<notify::ChannelLane>>;  // by channel id

// Who is told, and by which lane. Immutable; a reload sends a new one.
struct Routing {
  notify::RuleSet rules;
  std::vector<std::string> everything;  // channels that are told of every event, with its picture
  Lanes lanes;
  std::map<std::string, std::string> types;  // channel id → type, the metrics' label
};
using RoutingPtr = std::shared_ptr<const Routing>;

// Whom the rules name, and who is told everything. Pure.
std::vector<notify::Route> with_everything(const Routing& routing, std::vector<notify::Route> routes);

}  // namespace porchlight::pipeline
