// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/json_body.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr const char* no_picture = "urn:porchlight:problem:no-picture";

// Where a camera is reached is nobody's business here.
nlohmann::ordered_json camera_json(const CameraCondition& camera) {
  return {{"id", camera.id},
          {"name", camera.name},
          {"state", camera.state},
          {"snapshot", "/api/v1/cameras/" + camera.id + "/snapshot"},
          {"live", "/api/v1/cameras/" + camera.id + "/live"}};
}

std::optional<CameraCondition> find(const CameraList& cameras, const std::string& id) {
  auto all = cameras();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& camera) { return camera.id == id; });
  return found == all.end() ? std::nullopt : std::optional(std::move(*found));
}

Response shown(const CameraPicture& picture, WallTime now) {
  const auto age = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(now - picture.taken).count());
  return {200,
          {{"Content-Type", "image/jpeg"},
           {"Last-Modified", http::http_date(picture.taken)},
           {"X-Picture-Age-Ms", std::to_string(age)}},
          std::string(picture.jpeg->begin(), picture.jpeg->end())};
}

Response without_picture(const CameraCondition& camera, const Error& error, const Request& request) {
  auto response = http::problem_response(
      {.status = 503, .detail = error.text() + " (it is " + camera.state + ")", .type = no_picture},
      request.trace);
  response.headers.emplace_back("Retry-After", "2");
  return response;
}

void snapshot(Library::State& library, const CameraCondition& camera, const Request& request,
              const Caller& caller, const Responder& responder) {
  const bool taken =
      library.pictures.ask(library.ports, camera.id, [=, &library](const Result<CameraPicture>& picture) {
        if (!picture) return void(responder.send(without_picture(camera, picture.error(), request)));
        library.looks.note(request, caller);
        responder.send(shown(*picture, library.clock.wall()));
      });
  if (!taken) responder.send(busy("too many are looking at this moment", request.trace));
}

using One = std::function<void(const CameraCondition&, const Request&, const Caller&, const Responder&)>;

// For the camera that the path names, which the guard has found granted.
CallerHandler of_camera(CameraList cameras, One one) {
  return [cameras = std::move(cameras), one = std::move(one)](const Request& request, const Caller& caller,
                                                              const Responder& responder) {
    Query query(request, {});
    if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
    const auto camera = find(cameras, request.parameter("id"));
    if (!camera) return void(responder.send(refusal(404, "there is no such camera", request)));
    one(*camera, request, caller, responder);
  };
}

Response list(const CameraList& cameras, const Caller& caller) {
  nlohmann::ordered_json body{{"cameras", nlohmann::ordered_json::array()}};
  for (const auto& camera : cameras())
    if (caller.cameras.allows(camera.id)) body["cameras"].push_back(camera_json(camera));
  return json_answer(200, body);
}

}  // namespace

void add_camera_routes(Guard& guard, Library::State& library, CameraList cameras) {
  const auto viewers = Access::from(store::Role::viewer, Scope::view);
  guard.add({.method = http::Method::get, .path = paths::cameras, .statuses = {200, 400}}, viewers,
            [cameras](const Request& request, const Caller& caller, const Responder& responder) {
              auto refused = Query(request, {}).refusal(request);
              responder.send(refused ? std::move(*refused) : list(cameras, caller));
            });
  guard.add(
      {.method = http::Method::get, .path = paths::camera, .statuses = {200, 400, 404}}, viewers.for_camera(),
      of_camera(cameras,
                [](const CameraCondition& camera, const Request&, const Caller&, const Responder& responder) {
                  responder.send(json_answer(200, camera_json(camera)));
                }));
  guard.add({.method = http::Method::get, .path = paths::camera_snapshot, .statuses = {200, 400, 404, 503}},
            viewers.for_camera(),
            of_camera(std::move(cameras), [&library](const CameraCondition& camera, const Request& request,
                                                     const Caller& caller, const Responder& responder) {
              snapshot(library, camera, request, caller, responder);
            }));
}

}  // namespace porchlight::api
