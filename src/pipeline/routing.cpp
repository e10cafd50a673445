// SPDX-License-Identifier: Apache-2.0
#include "pipeline/routing.hpp"

namespace porchlight::pipeline {

std::vector<notify::Route> with_everything(const Routing& routing, std::vector<notify::Route> routes) {
  for (const auto& channel : routing.everything) {
    notify::Route route;
    route.channel_id = channel;
    route.attach_snapshot = true;
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace porchlight::pipeline
