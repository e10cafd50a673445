// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "api/event_feed.hpp"
#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "api/query.hpp"
#include "porchlight/api/port.hpp"

namespace porchlight::api {

void add_event_routes(Guard& guard, Library::State& library);   // list, one, its picture
void add_stream_routes(Guard& guard, Library::State& library);  // events as they come
void add_live_route(Guard& guard, Library::State& library, CameraList cameras);
void add_mjpeg_route(Guard& guard, Library::State& library, CameraList cameras);
void add_hls_route(Guard& guard, Library::State& library, CameraList cameras);
void add_camera_routes(Guard& guard, Library::State& library, CameraList cameras);

// The event that the path names, when the caller may see it; one that is not granted is as one that is not
// there, but its asking is on record.
Result<std::optional<store::LoggedEvent>> find_event(Library::State& library, OpenLibrary& open,
                                                     const http::Request& request, const Caller& caller);

// What the event routes have in common: `type` and `camera`. A camera that was named must be granted.
EventWish wish_of(Query& query);
std::optional<http::Response> refusal_of(Library::State& library, const http::Request& request,
                                         const Caller& caller, const Query& query, const EventWish& wish);

}  // namespace porchlight::api
