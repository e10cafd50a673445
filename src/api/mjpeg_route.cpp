// SPDX-License-Identifier: Apache-2.0
// A camera's picture as a row of JPEGs; docs/live.md describes it.
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Response;

Response open(Library::State& library, const CameraList& cameras, const Request& request,
              const Caller& caller) {
  Query query(request, {"fps"});
  const auto rate = query.integer("fps", 1, live::most_picture_rate, live::default_picture_rate);
  if (auto refused = query.refusal(request)) return std::move(*refused);
  // An <img> of another site's page would be sent the visitor's cookie, or what the browser remembers.
  if (!is_own_origin(request)) {
    note_refusal(library.accounts, request, caller, own_page);
    return refusal(403, "not for a page of another origin", request);
  }
  const auto all = cameras();
  const bool is_there = std::any_of(all.begin(), all.end(),
                                    [&](const auto& camera) { return camera.id == request.parameter("id"); });
  if (!is_there) return refusal(404, "there is no such camera", request);
  return library.mjpeg.open(request, caller, static_cast<int>(rate));
}

}  // namespace

void add_mjpeg_route(Guard& guard, Library::State& library, CameraList cameras) {
  guard.add({.method = http::Method::get, .path = paths::camera_mjpeg, .statuses = {200, 400, 404, 429, 503}},
            Access::from(store::Role::viewer, Scope::view).for_camera(),
            [&library, cameras = std::move(cameras)](const Request& request, const Caller& caller,
                                                     const http::Responder& responder) {
              responder.send(open(library, cameras, request, caller));
            });
}

}  // namespace porchlight::api
