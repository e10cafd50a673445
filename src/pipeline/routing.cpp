// SPDX-License-Identifier: Apache-2.0
#include "pipeline/routing.hpp"

namespace porchlight::pipeline {

std::vector<notify::Route> routes_of(const Routing& routing, const event::Event& event) {
  auto routes = notify::route(routing.rules, event);
  for (const auto& channel : routing.everything) routes.push_back({channel, true});
  return routes;
}

}  // namespace porchlight::pipeline
