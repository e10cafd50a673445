// SPDX-License-Identifier: Apache-2.0
// A camera's live picture over a WebSocket; docs/live.md has the protocol.
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;

live::Quality quality_of(Query& query) {
  const auto wanted = query.text("quality").value_or("main");
  if (wanted != "main" && wanted != "sub") query.fault("parameter 'quality' is main or sub");
  return wanted == "sub" ? live::Quality::sub : live::Quality::main;
}

void open(Library::State& library, const CameraList& cameras, const Request& request, const Caller& caller,
          const Responder& responder) {
  Query query(request, {"quality"});
  const auto quality = quality_of(query);
  if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
  const auto all = cameras();
  const bool is_there = std::any_of(all.begin(), all.end(),
                                    [&](const auto& camera) { return camera.id == request.parameter("id"); });
  if (!is_there) return void(responder.send(refusal(404, "there is no such camera", request)));
  auto response = library.live.open(request, caller, quality);
  if (response.status == 403) note_refusal(library.accounts, request, caller, own_page);
  responder.send(std::move(response));
}

}  // namespace

void add_live_route(Guard& guard, Library::State& library, CameraList cameras) {
  guard.add({.method = http::Method::get, .path = paths::camera_live, .statuses = {101, 400, 404}},
            Access::from(store::Role::viewer, Scope::view).for_camera(),
            [&library, cameras = std::move(cameras)](const Request& request, const Caller& caller,
                                                     const Responder& responder) {
              open(library, cameras, request, caller, responder);
            });
}

}  // namespace porchlight::api
