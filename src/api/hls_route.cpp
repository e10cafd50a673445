// SPDX-License-Identifier: Apache-2.0
// A camera's live picture for players that ask for files: HLS and Low-Latency HLS; docs/live.md has the
// protocol.
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::Responder;

// A playlist may be waited for as long as three segments of the longest kind last.
constexpr auto answer_within = 40s;

// Of a playlist. What begins with _HLS_ and is unknown is not for us to refuse: players add to it.
std::optional<live::HlsMoment> moment_of(const Request& request, std::string& fault) {
  const auto number = request.query_value("_HLS_msn"), part = request.query_value("_HLS_part");
  if (!number) {
    if (part) fault = "_HLS_part wants _HLS_msn";
    return std::nullopt;
  }
  const auto count = whole_number(*number).value_or(-1);
  const auto index = part ? whole_number(*part).value_or(-1) : 0;
  if (count < 0 || index < 0) {
    fault = "_HLS_msn and _HLS_part are whole numbers";
    return std::nullopt;
  }
  live::HlsMoment moment{static_cast<std::uint64_t>(count)};
  if (part) moment.part = static_cast<std::uint64_t>(index);
  return moment;
}

void answer(Library::State& library, const CameraList& cameras, const Request& request, const Caller& caller,
            const Responder& responder) {
  if (!is_own_origin(request)) {
    note_refusal(library.accounts, request, caller, own_page);
    return void(responder.send(refusal(403, "not from a page of another origin", request)));
  }
  const auto all = cameras();
  const bool is_there = std::any_of(
      all.begin(), all.end(), [&](const auto& camera) { return camera.id == request.parameter("camera"); });
  if (!is_there) return void(responder.send(refusal(404, "there is no such camera", request)));
  const auto name = live::hls_name(request.parameter("file"));
  if (!name) return void(responder.send(refusal(404, "there is no such file", request)));
  std::string fault;
  const auto moment = name->kind == live::HlsName::Kind::playlist ? moment_of(request, fault) : std::nullopt;
  if (!fault.empty()) return void(responder.send(refusal(400, fault.c_str(), request)));
  library.hls.ask(request, caller, *name, moment, responder);
}

}  // namespace

void add_hls_route(Guard& guard, Library::State& library, CameraList cameras) {
  guard.add({.method = http::Method::get,
             .path = paths::camera_hls,
             .statuses = {200, 206, 400, 404, 416, 503},
             .answer = answer_within},
            Access::from(store::Role::viewer, Scope::view).for_camera(),
            [&library, cameras = std::move(cameras)](const Request& request, const Caller& caller,
                                                     const Responder& responder) {
              answer(library, cameras, request, caller, responder);
            });
}

}  // namespace porchlight::api
